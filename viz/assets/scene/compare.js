// Two variants under one camera and one clock: a swipe divider, side by side, or the difference of the two.
"use strict";
((twin) => {
  const $ = (id) => document.getElementById(id);
  const MODES = ["swipe", "beside", "difference"];
  const NOBODY = { trucks: 0, yards: 0, road: 0, inside: 0, metres: 0 };

  twin.Compare = class {
    // The second run's packs that equal the first's are not in the page twice.
    static async read(first, { second, difference, answer }) {
      const facts = { ...first.facts, ...second.facts };
      const columns = {};
      for (const name of second.has) columns[name] = second.packs[name] ? await twin.unpack(second.packs[name]) : first.columns[name];
      const motions = facts.bodies.map((fact) => new twin.Motion(fact, columns[fact.key], facts));
      const queue = facts.queue ? new twin.QueueLine(facts.queue, columns.queue, facts) : null;
      const there = { spec: second.spec ?? first.spec, facts, columns, motions, queue };
      there.reading = new twin.Reading(there);
      there.told = twin.toldOf(there);
      if (columns.service) there.service = new twin.Service(there);
      const out = new twin.Compare(first, there, answer);
      out.difference = await twin.Difference.read(out, difference);
      return out;
    }

    constructor(first, second, answer) {
      Object.assign(this, { first, second, answer, mode: "swipe", share: 0.5, queueNow: NOBODY });
      this.makeStage();
      this.labels = new twin.Labels(second, this.part.labels);
      this.makeModes();
      this.makeDivider();
      document.documentElement.classList.add("comparing");
      new ResizeObserver(() => this.place()).observe($("stage"));
      // The legend takes what the answer leaves of the height.
      new ResizeObserver(() => {
        document.documentElement.style.setProperty("--card-bottom", `${Math.round($("card").getBoundingClientRect().bottom)}px`);
      }).observe($("card"));
    }

    makeStage() {
      const make = (id, parent = $("stage")) => parent.appendChild(Object.assign(document.createElement("div"), { id }));
      this.part = { map: make("map-b"), labels: make("labels-b"), divider: make("divider"), tagA: make("tag-a"), tagB: make("tag-b") };
      this.part.labels.setAttribute("aria-hidden", "true");
    }

    makeModes() {
      $("futures").hidden = false;
      this.buttons = MODES.map((mode) => {
        const button = Object.assign(document.createElement("button"), { type: "button", id: `mode-${mode}` });
        button.setAttribute("role", "radio");
        button.addEventListener("click", () => this.setMode(mode));
        $("futures").append(button);
        return button;
      });
    }

    makeDivider() {
      const { divider } = this.part;
      divider.tabIndex = 0;
      divider.setAttribute("role", "slider");
      divider.setAttribute("aria-orientation", "horizontal");
      divider.append(document.createElement("span"));
      let held = false;
      divider.addEventListener("pointerdown", (e) => { held = true; this.goal = null; divider.setPointerCapture(e.pointerId); });
      divider.addEventListener("pointerup", () => { held = false; });
      divider.addEventListener("pointermove", (e) => { if (held) this.setShare(e.clientX / $("stage").clientWidth); });
      divider.addEventListener("keydown", (e) => {
        const by = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[e.key];
        if (!by) return;
        e.preventDefault();
        e.stopPropagation();
        this.goal = null;
        this.setShare(this.share + by);
      });
    }

    setShare(share) {
      this.share = Math.max(0.02, Math.min(0.98, share));
      this.place();
    }

    // What is looked at lies half on either side, once the camera has come there.
    lookAt([west, south, east, north]) { this.goal = { at: [(west + east) / 2, (south + north) / 2], until: performance.now() + 2500, drawn: 0 }; }

    follow(viewport) {
      if (!this.goal || this.mode !== "swipe") return;
      const x = viewport.project(this.goal.at)[0] / $("stage").clientWidth;
      if (Math.abs(x - this.share) > 0.002) this.setShare(Math.max(0.1, Math.min(0.9, x)));
      // Without a graphics card a frame takes seconds, and the first may still be of the camera before.
      if (++this.goal.drawn > 3 && performance.now() > this.goal.until) this.goal = null;
    }

    setMode(mode) {
      this.mode = mode;
      twin.state.future = mode;
      this.place();
      this.pair?.setMode(mode);
      if (mode === "beside") twin.story?.fold(true);
      this.difference.show(mode === "difference");
    }

    // Each half keeps to its side of the divider: maps, names, and what the pointer finds.
    place() {
      const { map, labels, divider, tagA, tagB } = this.part;
      const wide = $("stage").clientWidth;
      const x = Math.round(wide * this.share);
      const cut = { swipe: [`inset(0 ${wide - x}px 0 0)`, `inset(0 0 0 ${x}px)`], beside: ["", ""], difference: ["", ""] }[this.mode];
      // Side by side they share what the legend leaves free.
      const left = this.mode === "beside" && wide > 1000 ? 334 : 0;
      const half = Math.round((wide - left) / 2);
      const boxes = this.mode === "beside" ? [[`${left}px`, `${half}px`], [`${left + half}px`, "0"]] : [["0", "0"], ["0", "0"]];
      for (const [i, elements] of [[$("map"), $("labels")], [map, labels]].entries()) {
        for (const element of elements) [element.style.clipPath, element.style.left, element.style.right] = [cut[i], ...boxes[i]];
      }
      map.hidden = labels.hidden = this.mode === "difference";
      divider.hidden = this.mode !== "swipe";
      divider.style.left = `${x}px`;
      divider.setAttribute("aria-valuenow", String(Math.round(100 * this.share)));
      tagA.hidden = tagB.hidden = this.mode === "difference";
      const middle = this.mode === "swipe" ? x : left + half;
      tagA.style.right = `${wide - middle + 10}px`;
      tagB.style.left = `${middle + 10}px`;
      this.buttons.forEach((button, i) => button.setAttribute("aria-checked", String(MODES[i] === this.mode)));
    }

    // Kinds that move only in the second run have a row of their own.
    addRows(addRow) {
      for (const { fact } of this.second.motions) {
        if (!this.first.motions.some((m) => m.fact.name === fact.name)) {
          addRow(`second_${fact.key}`, () => fact[document.documentElement.lang], fact.states, !fact.size_m);
        }
      }
      if (this.second.queue && !this.first.queue) {
        addRow("queue", () => this.second.facts.queue_words[document.documentElement.lang], this.second.facts.queue_parts, false);
      }
    }

    motionOf(key) {
      const first = this.first.motions.find((m) => m.fact.key === key);
      const name = first?.fact.name ?? this.second.motions.find((m) => `second_${m.fact.key}` === key)?.fact.name;
      return [first, this.second.motions.find((m) => m.fact.name === name)];
    }

    moveTo(t, rows) {
      const { reading, service } = this.second;
      const inColumns = reading.hasColumns && this.columnsShown !== false;
      for (const motion of this.second.motions) {
        motion.inColumns = inColumns ? motion.staying : -1;
        motion.moveTo(t);
      }
      reading.moved(t);
      service?.at(t);
      const { told } = this.second;
      for (const id of Object.keys(told)) told[id].at(t);
      this.queueNow = this.second.queue ? this.second.queue.at(t) : NOBODY;
      const here = this.first.queue ? this.first.queue.at(t) : NOBODY;
      const both = (a, b) => `${(a ?? 0).toLocaleString()} | ${(b ?? 0).toLocaleString()}`;
      for (const { key, count, values } of rows) {
        if (key === "queue") {
          count.textContent = both(here.trucks, this.queueNow.trucks);
          const parts = [
            `${here.road.toLocaleString()} (${Math.round(here.metres)} m) | ${this.queueNow.road.toLocaleString()} (${Math.round(this.queueNow.metres)} m)`,
            both(here.yards, this.queueNow.yards), both(here.inside, this.queueNow.inside),
          ];
          values.forEach(([value], i) => { value.textContent = parts[i]; });
          continue;
        }
        if (key === "service" && service) {
          values.forEach(([value], i) => { value.textContent = both(this.first.service.perLevel[i], service.perLevel[i]); });
          count.textContent = "";
          continue;
        }
        if (this.first.told[key]) {
          const [[a, as], [b, bs]] = [this.first.told[key].counts, told[key]?.counts ?? [0, []]];
          count.textContent = both(a, b);
          values.forEach(([value], i) => { value.textContent = both(as[i], bs[i]); });
          continue;
        }
        if (key === "columns") {
          const counts = [this.first.reading.counts, reading.counts];
          values.forEach(([value, , state]) => { value.textContent = both(counts[0][state.of], counts[1][state.of]); });
          count.textContent = "";
          continue;
        }
        const [a, b] = this.motionOf(key);
        if (!a && !b) continue;
        count.textContent = both(a?.count, b?.count);
        values.forEach(([value], i) => { value.textContent = both(a?.perState[i], b?.perState[i]); });
      }
      if (this.words) this.labels.setQueue(this.queueNow.trucks && this.queueShown !== false ? this.words.waiting(this.queueNow) : "");
      twin.state.second = { queue: this.queueNow };
      this.difference.moveTo(t);
    }

    setLabels(on) { this.labels.shown = on; }

    speak(words) {
      this.words = words;
      const { lang } = document.documentElement;
      const names = [this.first, this.second].map(({ facts }) => facts.variant[lang]);
      this.names = names;
      this.labels.speak(lang);
      $("subtitle").textContent = `${names[0]} | ${names[1]} · ${words.replication} ${[...new Set([this.first.facts.replication, this.second.facts.replication])].join(" | ")}`;
      $("futures").setAttribute("aria-label", words.futures);
      this.buttons.forEach((button, i) => { button.textContent = words[MODES[i]]; });
      this.part.divider.setAttribute("aria-label", words.divider);
      [this.part.tagA, this.part.tagB].forEach((tag, i) => { tag.textContent = `${"AB"[i]} ${names[i]}`; });
      this.sayAnswer(words, lang);
      this.difference.speak(words, names);
      this.place();
    }

    // What the study answered, then its main figures.
    sayAnswer(words, lang) {
      const make = (tag, className, text) => Object.assign(document.createElement(tag), { className, textContent: text });
      const { sentences, figures, of_study: ofStudy } = this.answer;
      const out = sentences.map((sentence) => make("p", "sentence", sentence[lang]));
      if (figures.length) {
        const table = make("table", "figures", "");
        const head = table.createTHead().insertRow();
        head.append(make("th", "", ""), ...["A", "B", "B − A"].map((text) => make("th", "", text)));
        for (const figure of figures) {
          const row = (table.tBodies[0] ?? table.createTBody()).insertRow();
          row.append(make("th", "", `${figure[lang]}${figure.unit ? ` (${figure.unit})` : ""}`), ...["a", "b", "change"].map((key) => make("td", "", figure[key])));
          for (const small of [figure.interval, figure.verdict?.[lang]]) if (small) row.cells[3].append(make("small", "", small));
        }
        const details = make("details", "", "");
        details.open = this.figuresOpen ??= window.innerHeight > 860 && window.innerWidth > 760;
        details.addEventListener("toggle", () => { this.figuresOpen = details.open; });
        details.append(make("summary", "", words.figures), table);
        if (!ofStudy) details.append(make("p", "remark", words.noStudy));
        out.push(details);
      }
      $("answer").replaceChildren(...out);
      $("answer").hidden = !out.length;
    }

    tipText({ id, index }) {
      const { lang } = document.documentElement;
      const name = this.second.facts.variant[lang];
      if (id.endsWith("_queue")) return `${name}\n${this.words.waiting(this.queueNow)}`;
      if (id === "places") return this.second.facts.places[index]?.[lang] ?? "";
      if (this.second.told[id]) return `${name}\n${this.second.told[id].tip?.(index, lang, this.words) ?? ""}`;
      if (id === "columns") return `${name}\n${this.second.reading.tip(id, index)}`;
      const motion = this.second.motions.find((m) => /^(heads|bodies|bare)_/.test(id) && id.endsWith(`_${m.fact.key}`));
      return motion ? [name, ...this.second.reading.linesOf(motion, index, twin.timebar.t)].join("\n") : "";
    }

    // Which layers of the second run a choice of the first's means: keys may differ, kinds do not.
    shownInSecond(shown) {
      const out = { ...shown };
      this.queueShown = shown.heads_queue;
      this.columnsShown = shown.columns;
      for (const [own, part] of this.second.motions.flatMap((m) => ["heads", "bodies", "bare", "trail"].map((p) => [m, p]))) {
        const first = this.first.motions.find((m) => m.fact.name === own.fact.name);
        out[`${part}_${own.fact.key}`] = first ? shown[`${part}_${first.fact.key}`] : shown[`second_${own.fact.key}`];
      }
      return out;
    }
  };

  // Two views that do everything together; the page talks to the pair as to one view.
  twin.PairView = class {
    constructor(View, scene, told) {
      const { compare } = scene;
      Object.assign(this, { compare, told, shown: {}, active: null });
      compare.pair = this;
      const parents = this.parents = [$("map"), compare.part.map];
      this.views = [scene, compare.second].map((of, i) => new View(of, parents[i], (news) => this.hear(i, of, news)));
      // Whoever is moved by hand leads; when the page moves both, each goes its own way to the same place.
      parents.forEach((parent, i) => {
        for (const event of ["pointerdown", "wheel"]) parent.addEventListener(event, () => { this.active = i; compare.goal = null; }, { capture: true, passive: true });
      });
      for (const name of Object.getOwnPropertyNames(View.prototype)) {
        const own = Object.getOwnPropertyDescriptor(View.prototype, name);
        if (name === "constructor" || name in this) continue;
        if (own.get) Object.defineProperty(this, name, { get: () => this.views[0][name] });
        else this[name] = (...given) => this.views.map((view) => view[name](...given))[0];
      }
    }

    hear(i, scene, news) {
      if (news.camera) {
        if (this.active === i) this.views[1 - i].adopt(news.camera);
      } else if ("hover" in news) {
        const box = this.parents[i].getBoundingClientRect();
        this.told({ hover: news.hover && { ...news.hover, x: news.hover.x + box.left, scene } });
      } else if (i === 1 && news.clicked) {
        // Who is followed is one of the first run.
      } else if (i === 1 && news.drawn) this.compare.labels.draw(news.drawn);
      // Whom the card follows is of the first run; the second goes along with it.
      else if (i === 1 && news.clicked) return;
      else {
        this.told(news);
        if (news.drawn) this.compare.follow(news.drawn);
        if (news.drawn) this.compare.difference.draw(news.drawn);
      }
    }

    get viewState() { return this.views[0].viewState; }
    get deck() { return this.views[0].deck; }
    get canvas() { return this.views[0].canvas; }
    get layers() { return this.views[0].layers; }
    get theme() { return this.views[0].theme; }

    setMode() { this.setShown(this.shown); this.setTime(this.t ?? 0, this.queueNow ?? NOBODY); this.views.forEach((view) => view.refresh()); }

    setTime(t, queueNow) {
      Object.assign(this, { t, queueNow });
      this.views[0].setTime(t, queueNow);
      // Nobody sees the second map behind the difference.
      if (this.compare.mode !== "difference") this.views[1].setTime(t, this.compare.queueNow);
    }

    setShown(shown) {
      this.shown = shown;
      const still = this.compare.mode === "difference"
        ? Object.fromEntries(Object.keys(shown).map((id) => [id, /^(heads|bodies|bare|trail)_|^(columns|places)$/.test(id) ? false : shown[id]])) : shown;
      this.views[0].setShown(still);
      this.views[1].setShown(this.compare.shownInSecond(shown));
    }

    frame(bounds, seconds) {
      this.active = null;
      this.compare.lookAt(bounds);
      this.views.forEach((view) => view.frame(bounds, seconds));
    }

    close() { this.views.forEach((view) => view.close()); }
  };
})(window.__twin);
