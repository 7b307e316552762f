// The page itself: reads the scene, makes the view, and ties the controls to it.
"use strict";
((twin) => {
  const $ = (id) => document.getElementById(id);
  const html = document.documentElement;
  const make = (tag, className, ...children) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children);
    return element;
  };
  let scene;
  let view;
  let labels;
  let timebar;
  let desk;
  let story;
  let presenter;
  let words = twin.words[html.lang] ?? twin.words.ja;
  const shown = { trails: true, labels: true, service: false, arcs: false, reach_public: false, reach_foot: false };
  const rows = [];

  // A remark goes away by itself; a fault stays. What is said is a function of the words, to be said again in the other
  // language.
  let said = () => "";
  let silence = 0;
  const notice = (text, seconds) => {
    said = text;
    $("notice").textContent = text(words);
    $("notice").hidden = !$("notice").textContent;
    window.clearTimeout(silence);
    if (seconds) silence = window.setTimeout(() => { $("notice").hidden = true; }, 1000 * seconds);
  };
  const swatch = (color, dot) => {
    const mark = make("span", dot ? "swatch dot" : "swatch");
    mark.style.background = color;
    return mark;
  };

  // One switch per thing shown; `layers` are the ids it governs.
  const addRow = (key, names, states, isDot) => {
    const row = make("button", "row");
    const parts = { name: make("span", "name"), count: make("span", "count"), states: make("span", "states"), values: [] };
    row.type = "button";
    row.id = `switch-${key}`;
    row.setAttribute("role", "switch");
    row.append(make("span", "switch"), parts.name, parts.count, parts.states);
    for (const state of states) {
      const value = make("b");
      const word = make("span");
      parts.states.append(make("span", "", swatch(state.color, isDot), word, " ", value));
      parts.values.push([value, word, state]);
    }
    row.addEventListener("click", () => { shown[key] = shown[key] === false; applyShown(); });
    $("rows").append(row);
    rows.push({ key, row, names, ...parts });
  };

  const applyShown = () => {
    const layers = {};
    for (const { key, row } of rows) row.setAttribute("aria-checked", String(shown[key] !== false));
    for (const motion of scene.motions) {
      const { key } = motion.fact;
      layers[`heads_${key}`] = layers[`bodies_${key}`] = layers[`bare_${key}`] = shown[key] !== false;
      layers[`trail_${key}`] = shown[key] !== false && shown.trails !== false;
    }
    layers.drive_minor = layers.drive_major = layers.edge_drive_minor = layers.edge_drive_major = shown.roads !== false;
    layers.marks_dashed = layers.marks_solid = layers.marks_zebra = shown.roads !== false;
    layers.buildings = layers.trees = shown.buildings !== false;
    layers.blocks = shown.blocks !== false;
    layers.places = shown.places !== false;
    layers.walk = shown.footpaths !== false;
    layers.heads_queue = layers.bodies_queue = layers.bare_queue = shown.queue !== false;
    layers.columns = shown.columns !== false;
    layers.service = shown.service === true;
    for (const id of Object.keys(scene.told)) layers[id] = shown[id] !== false;
    labels.shown = shown.labels !== false;
    scene.compare?.setLabels(labels.shown);
    twin.state.shown = layers;
    view.setShown(layers);
    moved(timebar.t);
  };

  const addRows = () => {
    for (const motion of scene.motions) {
      const { fact } = motion;
      addRow(fact.key, () => fact[html.lang], fact.states, !fact.size_m);
    }
    if (scene.queue) addRow("queue", () => scene.facts.queue_words[html.lang], scene.facts.queue_parts, false);
    if (scene.motions.length) addRow("trails", () => words.trails, [], false);
    if (scene.columns.drive_major || scene.columns.drive_minor) addRow("roads", () => words.roads, [], false);
    const { blocks, buildings } = scene.facts;
    if (buildings.shown) addRow("buildings", () => words.buildings(buildings), [], false);
    if (blocks.shown) addRow("blocks", () => words.blocks(blocks.shown, blocks.found), [], false);
    if (scene.columns.walk) addRow("footpaths", () => words.footpaths, [], false);
    if (scene.facts.places.length) addRow("places", () => words.places, [], false);
    if (scene.facts.places.length) addRow("labels", () => words.labels, [], false);
  };

  const moved = (t) => {
    const queueNow = scene.queue ? scene.queue.at(t) : { trucks: 0, yards: 0, road: 0, inside: 0, metres: 0 };
    for (const motion of scene.motions) {
      motion.inColumns = desk.reading.hasColumns && shown.columns !== false ? motion.staying : -1;
      motion.moveTo(t);
    }
    desk.moved(t);
    for (const id of Object.keys(scene.told)) scene.told[id].at(t);
    for (const { key, count, values } of rows) {
      const motion = scene.motions.find((m) => m.fact.key === key);
      if (motion) {
        count.textContent = motion.count.toLocaleString();
        values.forEach(([value], i) => { value.textContent = motion.perState[i].toLocaleString(); });
      } else if (desk.count(key)) {
        const [all, each] = desk.count(key);
        count.textContent = all.toLocaleString();
        values.forEach(([value], i) => { value.textContent = each[i].toLocaleString(); });
      } else if (key === "queue") {
        count.textContent = String(queueNow.trucks);
        const parts = [`${queueNow.road.toLocaleString()} (${Math.round(queueNow.metres)} m)`, queueNow.yards, queueNow.inside];
        values.forEach(([value], i) => { value.textContent = String(parts[i]); });
      }
    }
    scene.compare?.moveTo(t, rows);
    labels.setQueue(queueNow.trucks && shown.queue !== false ? words.waiting(queueNow) : "");
    if (themeNow(t) !== html.dataset.theme) setTheme(twin.look);
    twin.state.t = t;
    presenter?.tick();
    twin.state.queue = queueNow;
    view.setTime(t, queueNow);
  };

  const speak = (lang) => {
    const { facts } = scene;
    html.lang = lang;
    words = twin.words[lang];
    document.title = facts.title[lang];
    $("title").textContent = facts.title[lang];
    $("subtitle").textContent = `${facts.variant[lang]} · ${words.replication} ${facts.replication}${facts.city[lang] ? ` · ${facts.city[lang]}` : ""}`;
    $("schematic").textContent = words.schematic;
    $("schematic").hidden = !facts.schematic;
    const kept = scene.motions.reduce((n, m) => n + m.trips, 0);
    const all = scene.motions.reduce((n, m) => n + m.fact.trips_in_run, 0);
    $("sampled").textContent = words.sampled(kept.toLocaleString(), all.toLocaleString());
    $("sampled").hidden = kept >= all;
    $("share").textContent = words.share(String(Number((100 * facts.traces_share).toPrecision(3))));
    $("share").hidden = !(facts.traces_share < 1);
    $("notice").textContent = said(words);
    $("mode").textContent = twin.state.view === "flat" ? words.to3d : words.toFlat;
    $("lang").textContent = words.other;
    $("lang").title = words.langTitle;
    $("fold").textContent = words.layers;
    rows.forEach(({ name, names, values }) => {
      name.textContent = names();
      values.forEach(([, word, state]) => { word.textContent = state[lang]; });
    });
    [...$("cameras").children].forEach((button, i) => { button.textContent = facts.cameras[i][lang]; });
    $("attribution").textContent = [...(facts.schematic ? [words.schematic] : []), ...(facts.date ? [] : [words.equinox]), ...facts.attribution.map((line) => line[lang])].join(" · ");
    showTheme();
    $("tilt").textContent = twin.state.flat ? words.tilted : words.flat;
    timebar.speak(words);
    labels.speak(lang);
    desk.speak();
    scene.compare?.speak(words);
    story.speak(words);
    presenter.speak(words);
    moved(timebar.t);
  };

  // Day and night come with the clock, unless one of them is chosen for good.
  const LOOKS = ["hour", "light", "dark"];
  const nextLook = () => LOOKS[(LOOKS.indexOf(twin.look) + 1) % LOOKS.length];
  const showTheme = () => { $("theme").textContent = words.looks[nextLook()]; };
  const themeNow = (t) => (twin.lightAt(scene.facts, t, twin.look).night > 0.5 ? "dark" : "light");
  const setTheme = (look) => {
    twin.look = look;
    html.dataset.theme = themeNow(timebar.t);
    showTheme();
    view.setTheme(look, html.dataset.theme);
  };

  // Who is under the pointer, as plain text.
  const tipText = ({ id, index, scene: of }) => {
    const lang = html.lang;
    if (of && of !== scene) return scene.compare.tipText({ id, index });
    if (id.endsWith("_queue")) return `${scene.facts.queue_words[lang]}\n${words.waiting(twin.state.queue)}`;
    if (id === "places") {
      const place = scene.facts.places[index];
      const lines = [place[lang] || place.id, words.kinds[place.kind] ?? place.kind];
      if (place.capacity !== null) lines.push(`${words.capacity} ${place.capacity}`);
      return lines.join("\n");
    }
    if (scene.told[id]) return scene.told[id].tip?.(index, lang, words) ?? "";
    if (id === "columns") return desk.reading.tip(id, index);
    const motion = scene.motions.find((m) => /^(heads|bodies|bare)_/.test(id) && id.endsWith(`_${m.fact.key}`));
    return motion ? desk.reading.linesOf(motion, index, timebar.t).join("\n") : "";
  };

  const hover = (found) => {
    const text = found ? tipText(found) : "";
    $("tip").hidden = !text;
    if (!text) return;
    $("tip").textContent = text;
    const right = found.x + 340 > window.innerWidth;
    $("tip").style.transform = `translate(${found.x + (right ? -14 : 14)}px, ${found.y + 14}px) translateX(${right ? "-100%" : "0"})`;
  };

  const told = (news) => {
    if ("hover" in news) hover(news.hover);
    if (news.clicked) desk.clicked(news.clicked);
    if (news.error) { twin.state.errors.push(String(news.error.message ?? news.error)); console.error(news.error); }
    if (news.drawn) { labels.draw(news.drawn); twin.state.drawn += 1; if (watched) judge(); }
  };

  const addCameras = () => {
    const { cameras } = scene.facts;
    for (const camera of cameras) {
      const button = make("button");
      button.type = "button";
      button.addEventListener("click", () => goTo(camera, 1.6));
      $("cameras").append(button);
    }
    $("cameras").hidden = cameras.length < 2;
  };

  // The camera that was set last: one of the city's, or a chapter's.
  let lookedAt = null;
  const goTo = (camera, seconds) => {
    lookedAt = camera;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    view.frame(camera.bounds, calm ? 0 : seconds);
    twin.state.camera = camera.key;
    [...$("cameras").children].forEach((button, i) => {
      button.setAttribute("aria-pressed", String(scene.facts.cameras[i] === camera));
    });
  };

  // Districts lie kilometres apart: the picture opens on the one with most life.
  const firstCamera = () => scene.facts.cameras.reduce((best, camera) => (camera.points > best.points ? camera : best));

  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
    if (presenter.onKey(event)) { event.preventDefault(); return; }
    const step = event.shiftKey ? 600 : 60;
    if (event.key === " ") { if (event.target.tagName === "BUTTON") return; timebar.play(!timebar.playing); }
    else if (event.key === "ArrowRight") timebar.set(timebar.t + step);
    else if (event.key === "ArrowLeft") timebar.set(timebar.t - step);
    else if (event.key === "Home") timebar.set(0);
    else if (event.key === "End") timebar.set(timebar.span);
    else return;
    event.preventDefault();
  };

  const listen = () => {
    $("lang").addEventListener("click", () => speak(html.lang === "ja" ? "en" : "ja"));
    $("theme").addEventListener("click", () => setTheme(nextLook()));
    $("mode").addEventListener("click", () => {
      watched = false;
      notice(() => "");
      useView(twin.state.view === "flat");
    });
    $("tilt").addEventListener("click", () => {
      twin.state.flat = !twin.state.flat;
      $("tilt").textContent = twin.state.flat ? words.tilted : words.flat;
      view.tilt(twin.state.flat);
    });
    $("fold").addEventListener("click", () => {
      const open = $("rows").hidden;
      $("rows").hidden = !open;
      $("panel").classList.toggle("folded", !open);
      $("fold").setAttribute("aria-expanded", String(open));
    });
    $("attribution").addEventListener("click", () => $("attribution").setAttribute("aria-expanded", String($("attribution").classList.toggle("open"))));
    window.addEventListener("keydown", onKey);
  };

  const SLOW_MS = 2000;
  let watched = false;
  let madeAt = 0;
  const makeView = (gl) => {
    madeAt = performance.now();
    const View = gl ? twin.GlView : twin.FlatView;
    view = twin.view = scene.compare ? new twin.PairView(View, scene, told) : new View(scene, $("map"), told);
    twin.state.view = gl ? "3d" : "flat";
    $("tilt").hidden = !gl;
  };

  // The other view, at the same moment, frame and choice of layers.
  const useView = (gl) => {
    view.close();
    makeView(gl);
    setTheme(twin.look);
    applyShown();
    goTo(lookedAt, 0);
    speak(html.lang);
  };

  // A first frame that took seconds means that every frame will. A tab in the background draws late for other reasons.
  const judge = () => {
    watched = false;
    if (performance.now() - madeAt < SLOW_MS || document.visibilityState !== "visible") return;
    window.setTimeout(() => { useView(false); notice((w) => w.slowGl, 12); }, 0);
  };

  const readScene = async () => {
    const { spec, packs, facts, ...more } = JSON.parse($("scene-data").textContent);
    const columns = {};
    for (const name of Object.keys(packs)) columns[name] = await twin.unpack(packs[name]);
    const motions = facts.bodies.map((fact) => new twin.Motion(fact, columns[fact.key], facts));
    const queue = facts.queue ? new twin.QueueLine(facts.queue, columns.queue, facts) : null;
    const whole = { spec, facts, columns, motions, queue };
    whole.told = twin.toldOf(whole);
    if (more.second) whole.compare = await twin.Compare.read(whole, more);
    return whole;
  };

  const begin = async () => {
    twin.state = { ready: false, t: 0, drawn: 0, errors: [], shown: {}, camera: "", flat: false };
    if (typeof DecompressionStream === "undefined") { notice((w) => w.noCodec); return; }
    scene = twin.scene = await readScene();
    const works = twin.glWorks();
    const wish = twin.wishes();
    const slow = works && !wish.view && twin.glIsSoftware();
    const gl = works && !slow && wish.view !== "flat";
    watched = gl && wish.view !== "3d";
    labels = new twin.Labels(scene, $("labels"));
    makeView(gl);
    $("mode").hidden = !works;
    const element = Object.fromEntries(["play", "clock", "slider", "speed", "activity", "ticks"].map((id) => [id, $(id)]));
    timebar = twin.timebar = new twin.Timebar(scene, element, moved);
    desk = twin.desk = new twin.Desk({ scene, timebar, addRow, view: () => view });
    addRows();
    desk.addRows();
    scene.compare?.addRows(addRow);
    addCameras();
    listen();
    const hands = { goTo: (camera, seconds) => goTo(camera, seconds), timebar, scene, html };
    story = twin.story = new twin.Story(hands);
    presenter = twin.presenter = new twin.Presenter(hands, story);
    twin.look = "hour";
    speak(html.lang);
    setTheme(twin.look);
    applyShown();
    const opening = firstCamera();
    goTo(opening, 0);
    timebar.set(timebar.busyMoment());
    const most = desk.reading.busiestIn(opening.bounds);
    if (most) {
      const { spot } = most;
      view.openOn(spot, most.metres);
      scene.compare?.lookAt([...spot, ...spot]);
    }
    if (!scene.motions.length) notice((w) => w.noTraces);
    else if (slow) notice((w) => w.slowGl, 12);
    else if (!works) notice((w) => w.noWebGl, 8);
    if (window.innerWidth < 760) {
      // On a phone one button holds all controls but the clock.
      $("panel").append($("cameras"), $("tools"));
      $("fold").click();
    }
    if (wish.present) presenter.set(true);
    story.open(wish);
    twin.state.ready = true;
  };

  begin().catch((error) => { notice(() => String(error.message ?? error)); throw error; });
})(window.__twin);
