// The 3D view: layers as pydeck states them, drawn by deck.gl; nothing here knows what the page looks like.
"use strict";
((twin) => {
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

  const streets = (columns, facts) => {
    const width = new Float32Array(columns.lon.length);
    for (let i = 0; i + 1 < columns.start.length; i++) width.fill(columns.width_cm[i] / 100, columns.start[i], columns.start[i + 1]);
    return {
      length: columns.start.length - 1, startIndices: columns.start,
      attributes: { getPath: { value: twin.pairs(columns, facts.degree_step), size: 2 }, getWidth: { value: width, size: 1 } },
    };
  };

  const blocks = (columns, facts) => ({
    length: columns.start.length - 1, startIndices: columns.start,
    attributes: { getPolygon: { value: twin.pairs(columns, facts.degree_step), size: 2 } },
  });

  // Places a traveller knows by name are drawn larger than the many stops.
  const RADIUS_M = { station: 45, gate: 22, yard: 20, depot: 20, poi: 1.2, exit: 2, stop: 4 };
  const marks = ({ places, origin }) => ({
    length: places.length,
    attributes: {
      getPosition: { value: Float32Array.from(places.flatMap((p) => [p.lon - origin[0], p.lat - origin[1], 0])), size: 3 },
      getRadius: { value: Float32Array.from(places, (p) => RADIUS_M[p.kind] ?? 6), size: 1 },
    },
  });

  const trails = (motion) => ({
    length: motion.trips, startIndices: motion.columns.start,
    attributes: {
      getPath: { value: motion.xy, size: 2 }, getTimestamps: { value: motion.time, size: 1 },
      getColor: { value: motion.pathColors(), size: 4, normalized: true },
    },
  });

  const heads = (motion, mesh, bare) => ({
    length: motion.count, yaw: motion.yaw,
    attributes: {
      // Only those under way: the arrays have room for all trips of the day.
      getPosition: { value: (mesh && motion.parted ? motion.parted[bare ? 1 : 0] : motion.drawn).subarray(0, 3 * motion.count), size: 3 },
      [mesh ? "getColor" : "getFillColor"]: { value: motion.color.subarray(0, 4 * motion.count), size: 4, normalized: true },
    },
  });

  const constantsOf = (scene) => {
    const none = { length: 0 };
    const out = {
      yaw: (_, { index, data }) => [0, data.yaw[index], 0], heads_queue: none, lights_gate: none, bodies_gate: none, density: none, reach_public: none, reach_foot: none, bays: [], arcs: [], columns: [], way: [], ring: [], service: none,
      at: (row) => row.at, path: (row) => row.path, from: (row) => row.from, to: (row) => row.to, width: (row) => row.width, bodies_queue: none, places: marks(scene.facts),
      polygon: (area) => area.polygon, height: (area) => area.height, tone: (row) => row.color,
      mesh_queue: twin.meshes.truck, mesh_bare: twin.meshes.bare, bare_queue: none, bare_gate: none, mesh_tree: twin.meshes.tree,
    };
    for (const name of ["walk", "edge_drive_minor", "edge_drive_major", "drive_minor", "drive_major", "rails", "marks_dashed", "marks_solid", "marks_zebra"]) {
      if (scene.columns[name]) out[name] = streets(scene.columns[name], scene.facts);
    }
    if (scene.columns.blocks) out.blocks = blocks(scene.columns.blocks, scene.facts);
    for (const name of [...twin.areaLayers, ...twin.walled]) {
      if (scene.columns[name]?.part) out[name] = twin.areas(scene.columns[name], scene.facts);
    }
    if (scene.columns.trees) out.trees = twin.trees(scene.columns.trees, scene.facts);
    for (const motion of scene.motions) {
      const { key, name, size_m: size } = motion.fact;
      out[key] = trails(motion);
      out[`heads_${key}`] = none;
      out[`bodies_${key}`] = out[`bare_${key}`] = none;
      out[`mesh_${key}`] = size ? twin.meshes[name] ?? twin.boxMesh(size) : twin.meshes.person;
    }
    return out;
  };

  // What panels leave free of a window, in pixels.
  twin.roomOf = (width, height) => {
    if (document.documentElement.classList.contains("presenting")) return { left: 0.05 * width, right: 0.95 * width, top: 0.08 * height, bottom: 0.72 * height };
    if (width <= 760 || height <= 500) return { left: 20, right: width - 60, top: 110, bottom: height - 180 };
    const story = document.getElementById("story");
    const told = width > 1250 && !story.hidden && !story.classList.contains("folded");
    return { left: 350, right: width - (told ? 350 : 50), top: 90, bottom: height - 130 };
  };

  twin.glWorks = () => {
    try { return Boolean(document.createElement("canvas").getContext("webgl2")); } catch { return false; }
  };

  // Names by which drivers call drawing without a graphics card: a frame takes them seconds.
  const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render|mesa offscreen/i;

  twin.glIsSoftware = () => {
    const pen = document.createElement("canvas").getContext("webgl2");
    if (!pen) return false;
    const names = pen.getExtension("WEBGL_debug_renderer_info");
    const name = String(pen.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : pen.RENDERER));
    pen.getExtension("WEBGL_lose_context")?.loseContext();
    return SOFTWARE.test(name);
  };

  twin.GlView = class {
    // `told` is called with {hover: …} and after every frame with {drawn: viewport}.
    constructor(scene, parent, told) {
      this.scene = scene;
      this.parent = parent;
      this.t = 0;
      this.shown = {};
      this.theme = "hour";
      if (scene.columns.gate) scene.gate ??= new twin.Gate(scene);
      const trucks = scene.motions.find((m) => m.fact.name === "truck");
      this.truckColors = trucks ? trucks.colors : [[230, 159, 0]];
      this.facade = new twin.Facade();
      this.cast = new twin.Cast();
      this.told = {};
      this.dashes = new deck.PathStyleExtension({ dash: true });
      const converter = new deck.JSONConverter({ configuration: { classes: deck, constants: constantsOf(scene) } });
      const props = converter.convert(scene.spec);
      this.layers = props.layers;
      this.viewState = { ...props.initialViewState };
      this.queueNow = { trucks: 0, yards: 0, road: 0, metres: 0 };
      this.deck = new deck.Deck({
        parent, effects: this.light(0), views: props.views, initialViewState: this.viewState, layers: [], useDevicePixels: true,
        pickingRadius: 4, getCursor: ({ isDragging, isHovering }) => (isDragging ? "grabbing" : isHovering ? "pointer" : "grab"),
        onHover: (info) => told({ hover: info.layer && info.index >= 0 ? { id: info.layer.id, index: info.index, x: info.x, y: info.y } : null }),
        onClick: (info) => { if (info.layer && info.index >= 0) told({ clicked: { id: info.layer.id, index: info.index } }); },
        onViewStateChange: ({ viewState }) => { this.viewState = viewState; this.refresh(); told({ camera: viewState }); },
        onAfterRender: () => { const [viewport] = this.deck.getViewports(); if (viewport) told({ drawn: viewport }); },
        onError: (error) => told({ error }),
      });
    }

    // Things are drawn themselves, in true metres, where a van has at least some pixels; marks stand for them from afar.
    get metresPerPixel() { return (78271.5 * Math.cos((this.viewState.latitude * Math.PI) / 180)) / 2 ** this.viewState.zoom; }

    get near() {
      const { metresPerPixel } = this;
      return { vehicles: metresPerPixel < 0.75, people: metresPerPixel < 0.45 };
    }

    // Between near and far, vans, buses and people are drawn up to twice their size, so that the eye finds them.
    scaleOf({ name, size_m: size }) {
      const { metresPerPixel } = this;
      if (!size) return Math.max(1, Math.min(2, metresPerPixel / 0.14));
      return name === "van" || name === "bus" ? Math.max(1, Math.min(2, metresPerPixel / 0.25)) : 1;
    }

    refresh() {
      const look = this.scene.facts.themes[this.hour.night > 0.5 ? "dark" : "light"];
      const motionOf = Object.fromEntries(this.scene.motions.map((m) => [m.fact.key, m]));
      const { near } = this;
      const waiting = this.scene.queue ? this.waiting() : null;
      const { gate } = this.scene;
      this.layers = this.layers.map((layer) => {
        const { id } = layer;
        const props = { visible: this.shown[id] !== false };
        const [part, key] = [id.slice(0, id.indexOf("_")), id.slice(id.indexOf("_") + 1)];
        if (key === "containers" || id === "containers") Object.assign(props, this.stacks());
        const { reading, told } = this.scene;
        if (id === "columns") Object.assign(props, { data: reading?.columns ?? [], visible: props.visible && Boolean(reading) });
        else if (id === "way" || id === "ring") props.data = reading?.[id] ?? [];
        else if (told[id]) Object.assign(props, props.visible ? told[id].props(this) : {});
        else if (id === "service") Object.assign(props, props.visible ? { data: this.scene.service.at(this.t) } : { visible: false });
        else if (part === "trail") props.currentTime = this.t;
        else if (key === "gate" && part !== "lights") {
          props.visible = this.shown.heads_queue !== false && near.vehicles;
          props.data = twin.standing(gate.trucks(this.t).filter((truck) => truck[4] === (part === "bare")), this.scene.facts, true, this.truckColors);
        } else if (part === "heads" || part === "bodies" || part === "bare") {
          const motion = motionOf[key];
          const asMesh = part !== "heads";
          const isNear = motion && !motion.fact.size_m ? near.people : near.vehicles;
          props.visible &&= isNear === asMesh;
          if (asMesh && motion) props.sizeScale = this.scaleOf(motion.fact);
          // From afar squares stand for people.
          if (motion && !motion.fact.size_m && told.density && this.shown.density !== false && told.density.props(this).visible) props.visible = false;
          if (props.visible) props.data = motion ? heads(motion, asMesh, part === "bare")
            : twin.standing(asMesh ? waiting.filter((truck) => Boolean(truck[4]) === (part === "bare")) : waiting, this.scene.facts, asMesh);
          if (!asMesh) props.getLineColor = rgb(look.head_edge);
        } else if (id === "places") Object.assign(props, { getFillColor: rgb(look.place), getLineColor: rgb(look.place_edge) });
        else if (id === "lights_gate") Object.assign(props, { data: gate.lights(this.t, this.scene.facts.origin), visible: this.shown.heads_queue !== false && near.vehicles });
        else if (part === "cast") {
          props.visible = this.shown[key] !== false && twin.shadowAt(this.hour).strength > 0;
          props.extensions = [this.cast];
        } else if (part === "marks") {
          // Bars and gaps of half a metre across the way of those who cross; five metres of line and of gap between lanes.
          const dash = { marks_zebra: [0.45 / 4, 0.45 / 4], marks_dashed: [5 / 0.15, 5 / 0.15] }[id];
          props.visible &&= near.people;
          props.getColor = twin.tint(this.scene.facts, this.hour, "marks");
          if (dash) Object.assign(props, { extensions: [this.dashes], getDashArray: dash });
        } else if (twin.walled.has(id)) Object.assign(props, { material: twin.wallMaterial, extensions: [this.facade] });
        else if (twin.areaLayers.has(id)) props.getFillColor = twin.tint(this.scene.facts, this.hour, id);
        else props.getColor = twin.tint(this.scene.facts, this.hour, part === "edge" ? "drive_edge" : id);
        return this.changed(id, props) ? layer.clone(props) : layer;
      });
      this.deck.setProps({ layers: this.layers });
    }

    // Whether a layer is told anything new; what is as it was is not taken up again by deck.gl.
    changed(id, props) {
      const before = this.told[id] ?? {};
      this.told[id] = props;
      const same = (a, b) => a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((v, i) => v === b[i]));
      return /^(heads|bodies|bare)_/.test(id) ? props.visible || before.visible !== props.visible
        : Object.keys(props).some((name) => (name === "updateTriggers" ? !same(props[name].getElevation, before[name]?.getElevation) : !same(props[name], before[name])));
    }

    // Heights of the stacks change only with whole tiers.
    stacks() {
      const { gate } = this.scene;
      if (!gate) return {};
      const tiers = gate.tiers(this.t);
      if (tiers !== this.tiers) {
        this.tiers = tiers;
        const count = this.scene.columns.containers.tone.length;
        this.stackHeight = (area, { index }) => gate.heightOf(index, count, area.height, tiers);
      }
      return { getElevation: this.stackHeight, updateTriggers: { getElevation: [tiers] } };
    }

    // Waiting trucks are worked out anew only when their numbers change.
    waiting() {
      const { yards, road, metres, inside } = this.queueNow;
      const key = `${yards} ${road} ${metres} ${inside} ${Math.floor(this.t / 60)}`;
      if (this.waitingKey !== key) {
        const rows = this.scene.queue.bareOf(this.scene.queue.trucks(this.queueNow), this.scene.columns.line, this.t);
        Object.assign(this, { waitingKey: key, waitingNow: rows });
      }
      return this.waitingNow;
    }

    setTime(t, queueNow) {
      this.t = t;
      this.queueNow = queueNow;
      // The sun moves in steps of five minutes.
      const step = Math.floor(t / 300);
      if (step !== this.sunStep) {
        this.sunStep = step;
        this.deck.setProps({ effects: this.light(300 * step) });
      }
      this.refresh();
    }

    // Light, colours and sky of a moment; returns the effects that deck.gl draws with.
    light(t) {
      this.hour = twin.hour = twin.lightAt(this.scene.facts, t, this.theme);
      twin.hour.lit = twin.litShare(this.hour.hours);
      const [zenith, middle, horizon] = twin.sky(this.hour);
      this.parent.style.background = `linear-gradient(${zenith}, ${middle} 30%, ${horizon} 60%)`;
      return twin.effects(this.hour);
    }

    setShown(shown) { this.shown = shown; this.refresh(); }

    setTheme(theme) {
      this.theme = theme;
      this.deck.setProps({ effects: this.light(this.t) });
      this.refresh();
    }

    // Puts the corners of a frame inside the free part of the window, as seen with the present tilt.
    frame([west, south, east, north], seconds) {
      const { clientWidth: width, clientHeight: height } = this.parent;
      const room = twin.roomOf(width, height);
      const corners = [[west, south], [east, south], [east, north], [west, north]];
      const at = { longitude: (west + east) / 2, latitude: (south + north) / 2, zoom: 12, bearing: this.bearingFor(west, south, east, north, room) };
      // Perspective bends the answer, so it is approached in a few rounds.
      for (let round = 0; round < 8; round++) {
        const box = this.boxOf(corners, { ...at, width, height });
        const fit = Math.min((room.right - room.left) / (box.right - box.left), (room.bottom - room.top) / (box.bottom - box.top));
        at.zoom = Math.min(17, at.zoom + 0.9 * Math.log2(fit));
        const now = { ...at, width, height, pitch: this.viewState.pitch };
        const moved = this.boxOf(corners, now);
        const aside = [moved.left + moved.right - room.left - room.right, moved.top + moved.bottom - room.top - room.bottom];
        [at.longitude, at.latitude] = new deck.WebMercatorViewport(now).unproject([(width + aside[0]) / 2, (height + aside[1]) / 2]);
      }
      this.go(at, seconds);
    }

    // A long street fills the window when it lies across it.
    bearingFor(west, south, east, north, room) {
      const across = (east - west) * Math.cos((south * Math.PI) / 180);
      const wide = (room.right - room.left) / (room.bottom - room.top);
      if (north - south > 1.4 * across && wide > 1.2) return 76;
      return across > 1.4 * (north - south) && wide < 0.8 ? 76 : -8;
    }

    boxOf(corners, state) {
      const viewport = new deck.WebMercatorViewport({ ...state, pitch: this.viewState.pitch });
      const points = corners.map((corner) => viewport.project(corner));
      const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
      return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
    }

    // The opening picture: as near as to see people and vehicles, where most of them are.
    openOn([longitude, latitude], metres) {
      const metresPerPixel = metres / (0.3 * Math.max(300, this.parent.clientHeight));
      const zoom = Math.log2((78271.5 * Math.cos((latitude * Math.PI) / 180)) / metresPerPixel);
      this.go({ longitude, latitude, zoom: Math.max(14.6, Math.min(16.6, zoom)), pitch: zoom > 16 ? 60 : 48 }, 0);
    }

    // Near enough to see one vehicle, or one person.
    closeUp() { if (this.viewState.zoom < 17) this.viewState = { ...this.viewState, zoom: 17.2, pitch: 55 }; }

    // Keeps a point in the middle.
    centre([longitude, latitude]) {
      const { transitionDuration, transitionInterpolator, ...now } = this.viewState;
      this.viewState = { ...now, longitude, latitude };
      this.deck.setProps({ initialViewState: this.viewState });
    }

    close() { this.deck.finalize(); this.parent.replaceChildren(); }

    // The camera of another view, at once.
    adopt({ longitude, latitude, zoom, pitch, bearing }) {
      const { transitionDuration, transitionInterpolator, ...now } = this.viewState;
      this.viewState = { ...now, longitude, latitude, zoom, pitch, bearing };
      this.deck.setProps({ initialViewState: this.viewState });
      this.refresh();
    }

    tilt(flat) { this.go({ pitch: flat ? 0 : 50, bearing: flat ? 0 : this.viewState.bearing }, 0.5); }

    go(change, seconds) {
      const { transitionDuration, transitionInterpolator, ...now } = this.viewState;
      const moved = { ...now, ...change };
      if (seconds > 0) {
        moved.transitionDuration = seconds * 1000;
        moved.transitionInterpolator = new deck.FlyToInterpolator();
      } else this.viewState = moved;
      this.deck.setProps({ initialViewState: moved });
      this.refresh();
    }
  };
})(window.__twin);
