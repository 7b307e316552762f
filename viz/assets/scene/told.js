// What tables tell beyond who moves: people by square, rides from stop to stop, cells within reach, bays that are taken.
"use strict";
((twin) => {
  const METRES = 111319.5;
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const NONE = { length: 0, attributes: {} };

  // Squares as rows of a layer: offsets in degrees, colours.
  const squares = (position, color, count) => ({ length: count, attributes: {
    getPosition: { value: position, size: 3 }, getFillColor: { value: color, size: 4, normalized: true },
  } });
  const paint = (pen, view, side, data, alpha) => {
    const [half, [lon, lat]] = [view.pixels(side) / 2, view.scene.facts.origin];
    if (!data.length) return;
    const { getPosition: { value: at }, getFillColor: { value: color } } = data.attributes;
    pen.globalAlpha = alpha;
    for (let i = 0; i < data.length; i++) {
      const [x, y] = view.project([lon + at[3 * i], lat + at[3 * i + 1]]);
      pen.fillStyle = `rgb(${color[4 * i]} ${color[4 * i + 1]} ${color[4 * i + 2]})`;
      pen.fillRect(x - half, y - half, 2 * half, 2 * half);
    }
    pen.globalAlpha = 1;
  };

  // People of the picture in squares, from afar. Those who stay count where they stay.
  class Density {
    constructor(scene) {
      const { side_m: side, from, colors } = scene.facts.reading.density;
      Object.assign(this, { scene, side, from, colors: colors.map(rgb), off: false, data: NONE, counts: [0, from.map(() => 0)] });
      this.motions = scene.motions.filter((motion) => !motion.fact.size_m);
      this.states = from.map((least, i) => {
        const text = i + 1 < from.length ? `${least}–${from[i + 1] - 1}` : `${least}+`;
        return { ja: text, en: text, color: colors[i] };
      });
      this.step = [side / (METRES * Math.cos((scene.facts.origin[1] * Math.PI) / 180)), side / METRES];
    }

    // Metres in a pixel beyond which squares stand for people.
    static FAR = 1.2;

    at(t) {
      const key = twin.timebar?.playing ? `p${Math.floor(t / 10)}` : `${t}`;
      if (key === this.key) return;
      this.key = key;
      const cells = new Map();
      for (const motion of this.motions) {
        for (let k = 0; k < motion.count; k++) {
          const cell = Math.round(motion.position[3 * k] / this.step[0]) * 65536 + Math.round(motion.position[3 * k + 1] / this.step[1]);
          cells.set(cell, (cells.get(cell) ?? 0) + 1);
        }
      }
      const [position, color] = [new Float32Array(3 * cells.size), new Uint8Array(4 * cells.size).fill(255)];
      const each = this.from.map(() => 0);
      let [i, people] = [0, 0];
      for (const [cell, count] of cells) {
        const column = Math.round(cell / 65536);
        position.set([column * this.step[0], (cell - column * 65536) * this.step[1], 0], 3 * i);
        let level = 0;
        while (level + 1 < this.from.length && count >= this.from[level + 1]) level++;
        each[level]++;
        color.set(this.colors[level], 4 * i++);
        people += count;
      }
      this.data = squares(position, color, cells.size);
      this.counts = [people, each];
    }

    props(view) { return { data: this.data, radius: this.side * Math.SQRT1_2, visible: view.metresPerPixel > Density.FAR }; }
    draw(pen, view) { if (1 / view.pixels(1) > Density.FAR) paint(pen, view, this.side, this.data, 0.6); }
  }

  // Who boarded within the hour before, from stop to stop.
  class Arcs {
    constructor(scene) {
      Object.assign(this, { scene, off: true, data: [], counts: [0, []], states: [] });
      const { rides, facts } = { rides: scene.columns.rides, facts: scene.facts };
      this.pickup = Float32Array.from(rides.pickup, (t) => t * facts.second_step);
    }

    at(t) {
      const { rides } = this.scene.columns;
      const { stops } = this.scene.facts.reading;
      const pairs = new Map();
      let riders = 0;
      for (let i = 0; i < this.pickup.length; i++) {
        const [a, b] = [stops[rides.from_stop[i]], stops[rides.to_stop[i]]];
        if (this.pickup[i] > t || this.pickup[i] <= t - 3600 || !a?.at?.length || !b?.at?.length) continue;
        const key = `${rides.from_stop[i]} ${rides.to_stop[i]}`;
        pairs.set(key, (pairs.get(key) ?? 0) + rides.party[i]);
        riders += rides.party[i];
      }
      const text = [...pairs].join();
      this.counts = [riders, []];
      if (text === this.text) return;
      this.text = text;
      const [lon, lat] = this.scene.facts.origin;
      this.data = [...pairs].map(([key, people]) => {
        const [a, b] = key.split(" ").map((index) => stops[index]);
        return { from: [a.at[0] - lon, a.at[1] - lat, 2], to: [b.at[0] - lon, b.at[1] - lat, 2], width: 1.5 + people, people, a, b };
      });
    }

    props() { return { data: this.data }; }
    draw(pen, view) {
      const [lon, lat] = this.scene.facts.origin;
      for (const { from, to, width } of this.data) {
        const [a, b] = [from, to].map(([x, y]) => view.project([lon + x, lat + y]));
        const shade = pen.createLinearGradient(...a, ...b);
        shade.addColorStop(0, "#0072b2");
        shade.addColorStop(1, "#d55e00");
        pen.strokeStyle = shade;
        pen.lineWidth = width;
        pen.beginPath();
        pen.moveTo(...a);
        pen.quadraticCurveTo((a[0] + b[0]) / 2 + (b[1] - a[1]) * 0.15, (a[1] + b[1]) / 2 - (b[0] - a[0]) * 0.15, ...b);
        pen.stroke();
      }
    }
    tip(index, lang, words) {
      const { a, b, people } = this.data[index];
      return `${a[lang]} → ${b[lang]}\n${words.ridersOfHour(people)}`;
    }
  }

  // How many cells are within reach of each cell, door to door; the same all day.
  class Reach {
    constructor(scene, column) {
      const { reach } = scene.columns;
      const { side_m: side, bounds, colors } = scene.facts.reading.reach;
      const step = scene.facts.degree_step;
      Object.assign(this, { scene, side, off: true, cells: reach[column] });
      const count = reach.lon.length;
      const [position, color] = [new Float32Array(3 * count), new Uint8Array(4 * count).fill(255)];
      const each = colors.map(() => 0);
      for (let i = 0; i < count; i++) {
        position.set([reach.lon[i] * step, reach.lat[i] * step, 0], 3 * i);
        const level = bounds.filter((bound) => this.cells[i] / 10 > bound).length;
        each[level]++;
        color.set(rgb(colors[level]), 4 * i);
      }
      this.data = squares(position, color, count);
      this.counts = [count, each];
      this.states = colors.map((color2, i) => {
        const text = i < bounds.length ? `≤ ${bounds[i]}` : `> ${bounds[i - 1]}`;
        return { ja: text, en: text, color: color2 };
      });
    }

    at() {}
    props() { return { data: this.data, radius: this.side * Math.SQRT1_2 * 0.94 }; }
    draw(pen, view) { paint(pen, view, this.side * 0.94, this.data, 0.75); }
    tip(index, lang, words) { return words.reached(this.cells[index] / 10, this.scene.facts.reading.reach.minutes); }
  }

  // Bays at the kerb, by all stands of the run.
  class Bays {
    constructor(scene) {
      const { bays, stands } = scene.columns;
      const { degree_step: degree, second_step: second } = scene.facts;
      const colors = [[0, 158, 115, 235], [196, 214, 205, 235]];
      Object.assign(this, { scene, off: false, stands, second, colors, count: bays.start.length - 1, taken: "", data: [], counts: [0, [0, 0]] });
      this.rings = Array.from({ length: this.count }, (_, bay) => {
        const out = [];
        for (let i = bays.start[bay]; i < bays.start[bay + 1]; i++) out.push([bays.lon[i] * degree, bays.lat[i] * degree]);
        return out;
      });
      this.states = [["使用中", "taken"], ["空き", "free"]].map(([ja, en], i) => ({ ja, en, color: `rgb(${colors[i].slice(0, 3).join(" ")})` }));
    }

    at(t) {
      const taken = new Uint8Array(this.count);
      const { bay, from, to } = this.stands;
      for (let i = 0; i < bay.length; i++) if (from[i] * this.second <= t && t < to[i] * this.second) taken[bay[i]] = 1;
      const text = taken.join("");
      if (text === this.taken) return;
      this.taken = text;
      const sum = taken.reduce((a, b) => a + b, 0);
      this.counts = [sum, [sum, this.count - sum]];
      this.data = this.rings.map((polygon, i) => ({ polygon, color: this.colors[taken[i] ? 0 : 1] }));
    }

    // Longitude and latitude of a corner of every bay that is taken.
    get takenAt() {
      const [lon, lat] = this.scene.facts.origin;
      return this.rings.filter((_, bay) => this.taken[bay] === "1").map(([[x, y]]) => [lon + x, lat + y]);
    }

    props() { return { data: this.data }; }
    draw(pen, view) {
      const [lon, lat] = this.scene.facts.origin;
      for (const { polygon, color } of this.data) {
        pen.fillStyle = `rgb(${color.slice(0, 3).join(" ")})`;
        pen.beginPath();
        polygon.forEach(([x, y], i) => pen[i ? "lineTo" : "moveTo"](...view.project([lon + x, lat + y])));
        pen.fill();
      }
    }
  }

  // What a scene has to tell, by the id of its layer and of its row in the legend.
  twin.toldOf = (scene) => {
    const { columns, facts, motions } = scene;
    const out = {};
    if (motions.some((motion) => !motion.fact.size_m)) out.density = new Density(scene);
    if (columns.bays) out.bays = new Bays(scene);
    if (columns.rides && facts.reading.stops.length) out.arcs = new Arcs(scene);
    if (columns.reach) Object.assign(out, { reach_public: new Reach(scene, "by_public"), reach_foot: new Reach(scene, "on_foot") });
    return out;
  };
})(window.__twin);
