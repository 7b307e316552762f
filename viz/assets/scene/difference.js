// Where two variants differ: streets by how many more or fewer pass, and the same bodies where each variant has them.
"use strict";
((twin) => {
  const $ = (id) => document.getElementById(id);
  // Blue and orange stay apart for every common colour-vision deficiency; in the legend the letters repeat what they say.
  const COLORS = { dark: ["#56B4E9", "#E69F00"], light: ["#0072B2", "#C77F00"] };
  const APART_M = 25;
  const WIDEST_PX = 11;
  // Round numbers of the legend: 1, 2 or 5 times a power of ten.
  const roundDown = (value) => {
    const power = 10 ** Math.floor(Math.log10(value));
    return power * ([5, 2].find((n) => n * power <= value) ?? 1);
  };

  twin.Difference = class {
    static async read(compare, { layers }) {
      const out = [];
      for (const { shapes, changes, ...fact } of layers) out.push({ ...fact, shapes: await twin.unpack(shapes), changes: await twin.unpack(changes) });
      return new twin.Difference(compare, out);
    }

    constructor(compare, layers) {
      Object.assign(this, { compare, layers, on: false, hourly: false, t: 0, chosen: 0 });
      const [lon, lat] = compare.first.facts.origin;
      const step = compare.first.facts.degree_step;
      for (const layer of layers) {
        layer.points = Array.from(layer.shapes.lon, (x, i) => [lon + x * step, lat + layer.shapes.lat[i] * step]);
        layer.whole = this.sums(layer, null);
      }
      // As many may pass in a day, at other hours: then only the hours differ.
      this.hourly = layers.length > 0 && !layers.some((layer) => layer.whole.some(Boolean));
      this.canvas = Object.assign(document.createElement("canvas"), { id: "difference", hidden: true });
      $("map").after(this.canvas);
      this.legend = Object.assign(document.createElement("div"), { id: "difference-legend", hidden: true });
      $("rows").before(this.legend);
    }

    // Change of every street, over the whole run or within one hour of the clock.
    sums({ shapes, changes, step }, hour) {
      const out = new Float64Array(shapes.start.length - 1);
      for (let i = 0; i < changes.link.length; i++) if (hour === null || changes.hour[i] === hour) out[changes.link[i]] += changes.change[i] * step;
      return out;
    }

    get hour() { return Math.floor((this.compare.first.facts.clock.from_s + this.t) / 3600); }

    now(layer) {
      if (!this.hourly) return layer.whole;
      if (layer.atHour !== this.hour) Object.assign(layer, { atHour: this.hour, ofHour: this.sums(layer, this.hour) });
      return layer.ofHour;
    }

    // One scale for all hours, so that a wide line means the same at noon and at night.
    scale(layer) {
      if (!this.hourly) return Math.max(1e-9, ...layer.whole.map(Math.abs));
      layer.hourTop ??= Math.max(1e-9, ...[...new Set(layer.changes.hour)].map((hour) => this.sums(layer, hour).reduce((top, n) => Math.max(top, Math.abs(n)), 0)));
      return layer.hourTop;
    }

    show(on) {
      this.on = on;
      this.canvas.hidden = this.legend.hidden = !on;
      $("rows").classList.toggle("aside", on);
      this.pairs = on ? this.matched() : [];
      this.write();
      if (this.viewport) this.draw(this.viewport);
    }

    moveTo(t) {
      this.t = t;
      this.pairs = this.on ? this.matched() : [];
      if (this.on) this.write();
    }

    // The same bodies in both runs, by their ids: where each is now.
    matched() {
      const { first, second } = this.compare;
      const key = (motion, k) => `${motion.columns.id_origin[motion.row[k]]}-${motion.columns.id_serial[motion.row[k]]}`;
      return first.motions.map((a) => [a, second.motions.find((m) => m.fact.name === a.fact.name)]).filter(([, b]) => b).map(([a, b]) => {
        const there = new Map(Array.from({ length: b.count }, (_, k) => [key(b, k), k]));
        const out = { fact: a.fact, apart: [], same: 0, only: [[], []] };
        for (let k = 0; k < a.count; k++) {
          const id = key(a, k);
          const other = there.get(id);
          const here = a.lonLatOf(k);
          if (other === undefined) { out.only[0].push(here); continue; }
          there.delete(id);
          const where = b.lonLatOf(other);
          const metres = 111319.5 * Math.hypot((here[0] - where[0]) * a.eastPerNorth, here[1] - where[1]);
          if (metres >= APART_M) out.apart.push([here, where]); else out.same++;
        }
        out.only[1] = [...there.values()].map((k) => b.lonLatOf(k));
        return out;
      });
    }

    draw(viewport) {
      this.viewport = viewport;
      if (!this.on) return;
      const { canvas } = this;
      const dots = window.devicePixelRatio || 1;
      const { width, height } = viewport;
      if (canvas.width !== Math.round(width * dots)) canvas.width = Math.round(width * dots);
      if (canvas.height !== Math.round(height * dots)) canvas.height = Math.round(height * dots);
      const pen = canvas.getContext("2d");
      pen.setTransform(dots, 0, 0, dots, 0, 0);
      pen.clearRect(0, 0, width, height);
      const colors = COLORS[document.documentElement.dataset.theme] ?? COLORS.dark;
      const layer = this.layers[this.chosen];
      if (layer) this.drawStreets(pen, layer, viewport, colors);
      this.drawPairs(pen, viewport, colors);
    }

    drawStreets(pen, layer, viewport, colors) {
      const change = this.now(layer);
      const top = this.scale(layer);
      pen.lineCap = pen.lineJoin = "round";
      // The widest last, so that they lie on top.
      const order = Array.from(change.keys()).filter((i) => change[i]).sort((a, b) => Math.abs(change[a]) - Math.abs(change[b]));
      for (const i of order) {
        pen.strokeStyle = colors[change[i] > 0 ? 1 : 0];
        pen.lineWidth = Math.max(1, (WIDEST_PX * Math.abs(change[i])) / top);
        pen.setLineDash(layer.only[i] ? [6, 6] : []);
        pen.beginPath();
        for (let v = layer.shapes.start[i]; v < layer.shapes.start[i + 1]; v++) {
          const [x, y] = viewport.project(layer.points[v]);
          if (v === layer.shapes.start[i]) pen.moveTo(x, y); else pen.lineTo(x, y);
        }
        pen.stroke();
      }
      pen.setLineDash([]);
    }

    drawPairs(pen, viewport, colors) {
      const ink = getComputedStyle(document.documentElement).getPropertyValue("--ink");
      pen.lineWidth = 1.2;
      for (const { apart, only } of this.pairs ?? []) {
        for (const [here, there] of apart) {
          const [a, b] = [viewport.project(here), viewport.project(there)];
          pen.strokeStyle = ink;
          pen.globalAlpha = 0.55;
          pen.beginPath();
          pen.moveTo(a[0], a[1]);
          pen.lineTo(b[0], b[1]);
          pen.stroke();
          pen.globalAlpha = 1;
          this.dot(pen, a, colors[0]);
          this.dot(pen, b, colors[1]);
        }
        only.forEach((places, side) => {
          for (const place of places) {
            const [x, y] = viewport.project(place);
            pen.strokeStyle = colors[side];
            pen.lineWidth = 1.6;
            pen.beginPath();
            pen.arc(x, y, 3.6, 0, 2 * Math.PI);
            pen.stroke();
          }
        });
      }
    }

    dot(pen, [x, y], color) {
      pen.fillStyle = color;
      pen.beginPath();
      pen.arc(x, y, 3, 0, 2 * Math.PI);
      pen.fill();
    }

    speak(words, names) {
      Object.assign(this, { words, names });
      this.write();
    }

    write() {
      if (!this.on || !this.words) return;
      const { words, names } = this;
      const { lang } = document.documentElement;
      const colors = COLORS[document.documentElement.dataset.theme] ?? COLORS.dark;
      const make = (tag, className, ...children) => {
        const element = document.createElement(tag);
        element.className = className;
        element.append(...children);
        return element;
      };
      const choice = (text, on, act) => {
        const button = make("button", "choice", text);
        button.type = "button";
        button.setAttribute("aria-pressed", String(on));
        button.addEventListener("click", () => { act(); this.write(); if (this.viewport) this.draw(this.viewport); });
        return button;
      };
      const out = [];
      const layer = this.layers[this.chosen];
      if (!layer) out.push(make("p", "remark", words.noDifference));
      if (layer) {
        const when = make("div", "choices", choice(words.wholeRun, !this.hourly, () => { this.hourly = false; }), choice(words.thisHour, this.hourly, () => { this.hourly = true; }));
        const what = make("div", "choices", ...this.layers.map((one, i) => choice(one[lang], i === this.chosen, () => { this.chosen = i; })));
        const change = this.now(layer);
        const differing = change.reduce((n, v) => n + (v !== 0), 0);
        out.push(what, when, make("p", "remark", differing ? words.streetDifference(differing.toLocaleString(), layer.found > change.length ? layer.found.toLocaleString() : "") : words.noDifference));
        if (differing) out.push(this.scaleOf(layer, colors, names, make), this.streetsOf(layer, change, make));
      }
      out.push(make("h2", "", words.whoMoved), ...(this.pairs ?? []).map((pair) => this.pairOf(pair, words, names, lang, make)));
      this.legend.replaceChildren(...out);
      twin.state.difference = { layer: layer?.name ?? "", hourly: this.hourly, pairs: (this.pairs ?? []).map(({ fact, apart, same, only }) => [fact.name, apart.length, same, only[0].length, only[1].length]) };
    }

    scaleOf(layer, colors, names, make) {
      const top = this.scale(layer);
      const sizes = [...new Set([roundDown(top), roundDown(top / 4)])].filter((n) => n > 0);
      const box = make("div", "scale");
      [this.words.fewerIn(names[1]), this.words.moreIn(names[1])].forEach((text, side) => {
        for (const size of side ? sizes : [...sizes].reverse()) {
          const line = make("span", "stroke");
          line.style.height = `${Math.max(1, (WIDEST_PX * size) / top)}px`;
          line.style.background = colors[side];
          box.append(make("span", "step", line, `${side ? "+" : "−"}${size.toLocaleString()} ${this.words.units[layer.unit] ?? layer.unit}${this.hourly ? `/${this.words.per}` : ""}`));
        }
        box.append(make("span", "side", text));
      });
      return box;
    }

    // Named streets by the largest change on one of their links.
    streetsOf(layer, change, make) {
      const best = new Map();
      change.forEach((n, i) => {
        const name = layer.names[layer.shapes.name[i]];
        if (n && name && Math.abs(n) > Math.abs(best.get(name) ?? 0)) best.set(name, n);
      });
      const list = make("ol", "streets");
      for (const [name, n] of [...best].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 5)) {
        list.append(make("li", "", make("span", "", name), make("b", "", `${n > 0 ? "+" : "−"}${Math.abs(n).toLocaleString()}`)));
      }
      return list;
    }

    pairOf({ fact, apart, same, only }, words, names, lang, make) {
      const row = make("p", "pair", make("b", "", fact[lang]));
      const parts = [[words.samePlace, same], [words.elsewhere(APART_M), apart.length], ...names.map((name, side) => [words.onlyHere(name), only[side].length])];
      for (const [text, n] of parts) row.append(make("span", "", `${text} `, make("b", "", n.toLocaleString())));
      return row;
    }
  };
})(window.__twin);
