// What the page tells about those who move and stand: tips, columns of those who wait, one who is followed, search.
"use strict";
((twin) => {
  const METRES = 111319.5;
  // Height of a column for each person who waits, and for each who stays.
  const [WAITING_M, STAYING_M] = [15, 2];
  const WAITING = [213, 94, 0, 235];
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

  twin.Reading = class {
    constructor(scene) {
      Object.assign(this, { scene, facts: scene.facts.reading, followed: null, columns: [], way: [], ring: [] });
      const { rides } = scene.columns;
      const step = scene.facts.second_step;
      if (rides) {
        this.rides = { ...rides };
        for (const name of ["since", "pickup", "dropoff", "by"]) this.rides[name] = Float32Array.from(rides[name], (t) => t * step);
        this.ofVan = this.facts.vans.map(() => []);
        for (let i = 0; i < rides.van.length; i++) this.ofVan[rides.van[i]].push(i);
      }
      this.staying = scene.motions.map((motion) => motion.staying);
    }

    get lang() { return document.documentElement.lang; }
    get words() { return twin.words[this.lang]; }
    clock(t) { return twin.clockText(this.scene.facts.clock.from_s + t, false); }

    // Vans -------------------------------------------------------------------------------------------------

    vanOf(motion, trip) {
      const [origin, serial] = [motion.columns.id_origin[trip], motion.columns.id_serial[trip] >>> 0];
      return this.facts.vans.findIndex(([o, s]) => o === origin && s === serial);
    }

    // Riders on board, and the next stop with the promise that is kept or broken there.
    vanNow(van, t) {
      let riders = 0;
      let next = null;
      for (const i of this.ofVan?.[van] ?? []) {
        const { pickup, dropoff, party, by } = this.rides;
        if (pickup[i] <= t && t < dropoff[i]) riders += party[i];
        for (const [at, stop, promise] of [[pickup[i], this.rides.from_stop[i], null], [dropoff[i], this.rides.to_stop[i], by[i]]]) {
          if (at <= t || (next && at > next.at)) continue;
          next = { at, stop, boards: promise === null, early: promise === null || promise < -9e5 ? null : promise - at };
        }
      }
      return { riders, next };
    }

    stopName(index) { return this.facts.stops[index]?.[this.lang] ?? ""; }

    nameOf(motion, trip) {
      const { fact } = motion;
      const van = fact.name === "van" ? this.vanOf(motion, trip) : -1;
      if (van >= 0) return this.words.van(van + 1);
      return `${fact[this.lang]} ${motion.columns.id_origin[trip]}-${motion.columns.id_serial[trip] >>> 0}`;
    }

    // Lines of text about one body at a moment.
    linesOf(motion, index, t) {
      const { words } = this;
      const trip = motion.row[index];
      const [start, end] = [motion.columns.start[trip], motion.columns.start[trip + 1] - 1];
      const lines = [this.nameOf(motion, trip), motion.fact.states[motion.state[index]][this.lang]];
      const van = motion.fact.name === "van" ? this.vanOf(motion, trip) : -1;
      if (van >= 0 && this.rides) {
        const { riders, next } = this.vanNow(van, t);
        const seats = this.facts.vans[van][2];
        lines[1] = words.riders(riders, seats);
        if (next) lines.push(words.next(this.stopName(next.stop), this.clock(next.at), next.boards));
        if (next && next.early !== null) lines.push(words.promise(Math.round(next.early / 60)));
        return lines;
      }
      const { away_from: from, away_to: to } = motion.columns;
      const step = this.scene.facts.second_step;
      if (motion.parted) lines.push(words.box(motion.boxed(trip, t)));
      if (from && from[trip] * step >= 0) {
        lines.push(words.joined(this.clock(from[trip] * step)), words.through(this.clock(to[trip] * step), Math.round((to[trip] - from[trip]) * step / 60)));
      } else lines.push(`${this.clock(motion.time[start])} – ${this.clock(motion.time[end])}`);
      if (!motion.fact.size_m) {
        const [a, b] = [start, end].map((row) => this.placeNear(motion.xy[2 * row], motion.xy[2 * row + 1]));
        if (a || b) lines.push(`${a || "…"} → ${b || "…"}`);
      }
      return lines;
    }

    // Name of the nearest place within 80 m of an offset in degrees.
    placeNear(x, y) {
      const { origin, places } = this.scene.facts;
      const east = Math.cos((origin[1] * Math.PI) / 180);
      let best = 80;
      let name = "";
      for (const place of places) {
        const metres = METRES * Math.hypot((place.lon - origin[0] - x) * east, place.lat - origin[1] - y);
        if (metres < best) { best = metres; name = place[this.lang]; }
      }
      return name;
    }

    // Columns ------------------------------------------------------------------------------------------------

    // Who waits at stops and who stays at places, by place.
    columnsAt(t) {
      const out = [];
      if (!this.hasColumns) return out;
      const { origin } = this.scene.facts;
      if (this.rides) {
        const waiting = new Map();
        for (let i = 0; i < this.rides.van.length; i++) {
          if (this.rides.since[i] <= t && t < this.rides.pickup[i]) {
            const stop = this.rides.from_stop[i];
            waiting.set(stop, (waiting.get(stop) ?? 0) + this.rides.party[i]);
          }
        }
        for (const [stop, people] of waiting) {
          const { at } = this.facts.stops[stop] ?? {};
          if (at?.length) out.push({ at: [at[0] - origin[0], at[1] - origin[1], 0], people, kind: "waiting", name: () => this.stopName(stop), height: people * WAITING_M, color: WAITING });
        }
      }
      this.scene.motions.forEach((motion, m) => {
        if (this.staying[m] < 0) return;
        const staying = new Map();
        for (let k = 0; k < motion.count; k++) {
          if (motion.state[k] !== this.staying[m]) continue;
          const key = `${Math.round(motion.position[3 * k] * 5e4)} ${Math.round(motion.position[3 * k + 1] * 5e4)}`;
          const found = staying.get(key);
          if (found) found.people += 1;
          else staying.set(key, { at: [motion.position[3 * k], motion.position[3 * k + 1], 0], people: 1 });
        }
        for (const { at, people } of staying.values()) {
          out.push({ at, people, kind: "staying", name: () => this.placeNear(at[0], at[1]), height: people * STAYING_M, color: WAITING });
        }
      });
      return out;
    }

    waitingAt(t) {
      const { since, pickup, party, from_stop: stop } = this.rides;
      let people = 0;
      for (let i = 0; i < party.length; i++) if (since[i] <= t && t < pickup[i] && this.facts.stops[stop[i]]?.at.length) people += party[i];
      return people;
    }

    get counts() {
      const of = (kind) => this.columns.reduce((n, column) => n + (column.kind === kind ? column.people : 0), 0);
      return [of("waiting"), of("staying")];
    }

    // Two runs side by side are compared by those who move; columns tell of one.
    get hasColumns() { return !this.scene.compare && (Boolean(this.rides) || this.staying.some((state) => state >= 0)); }

    // Following ----------------------------------------------------------------------------------------------

    follow(motion, trip) {
      this.followed = { motion, trip };
      const { start } = motion.columns;
      const path = [];
      for (let i = start[trip]; i < start[trip + 1]; i++) path.push([motion.xy[2 * i], motion.xy[2 * i + 1], 1]);
      this.way = path.length > 1 ? [{ path }] : [];
    }

    leave() { Object.assign(this, { followed: null, way: [], ring: [] }); }

    // Index of the followed one among those under way, or -1.
    get followedIndex() {
      if (!this.followed) return -1;
      const { motion, trip } = this.followed;
      return motion.row.subarray(0, motion.count).indexOf(trip);
    }

    // The day of the followed one: moments with words, in order.
    dayOf({ motion, trip }) {
      const { words } = this;
      const [start, end] = [motion.columns.start[trip], motion.columns.start[trip + 1] - 1];
      const out = [[motion.time[start], words.setsOut], [motion.time[end], words.arrives]];
      const van = motion.fact.name === "van" ? this.vanOf(motion, trip) : -1;
      for (const i of this.ofVan?.[van] ?? []) {
        const { pickup, dropoff, party, by } = this.rides;
        out.push([pickup[i], words.boards(party[i], this.stopName(this.rides.from_stop[i]))]);
        const early = by[i] < -9e5 ? "" : ` · ${words.promise(Math.round((by[i] - dropoff[i]) / 60))}`;
        out.push([dropoff[i], words.alights(party[i], this.stopName(this.rides.to_stop[i])) + early]);
      }
      const { away_from: from, away_to: to } = motion.columns;
      const step = this.scene.facts.second_step;
      if (from && from[trip] * step >= 0) out.push([from[trip] * step, words.joinsLine], [to[trip] * step, words.leavesGate]);
      for (let i = start + 1; i <= end; i++) {
        if (motion.columns.state[i] === motion.columns.state[i - 1] || (van >= 0 && this.rides)) continue;
        out.push([motion.time[i], motion.fact.states[motion.columns.state[i]][this.lang]]);
      }
      return out.sort((a, b) => a[0] - b[0]);
    }

    // At every moment ------------------------------------------------------------------------------------------

    moved(t) {
      // Columns change with events, not with frames: when a number does, and now and then.
      const waits = this.rides ? this.waitingAt(t) : 0;
      const tick = `${Math.floor(t / 60)} ${waits} ${this.scene.motions.map((motion) => motion.perState[motion.staying])}`;
      if (tick !== this.tick) Object.assign(this, { tick, columns: this.columnsAt(t) });
      const index = this.followedIndex;
      this.ring = index < 0 ? [] : [{ at: [...this.followed.motion.drawn.subarray(3 * index, 3 * index + 2), 2] }];
    }

    // Where most is going on inside a frame at the moment: the middle of the fullest square of 300 m, and how far around it to look.
    // Kinds differ by orders of magnitude: each weighs as the root of its number, so that three vans among cars are found.
    busiestIn([west, south, east, north]) {
      const { origin } = this.scene.facts;
      const size = 300 / METRES;
      const cells = new Map();
      const all = [];
      const addAll = (points) => {
        const inside = points.filter(([lon, lat]) => lon >= west && lon <= east && lat >= south && lat <= north);
        const weight = 1 / Math.sqrt(inside.length || 1);
        all.push(...inside);
        for (const [lon, lat] of inside) {
          const [x, y] = [lon - origin[0], lat - origin[1]];
          const key = `${Math.round(x / size)} ${Math.round(y / size)}`;
          const cell = cells.get(key) ?? [0, 0, 0];
          cells.set(key, [cell[0] + weight, cell[1] + weight * x, cell[2] + weight * y]);
        }
      };
      for (const motion of this.scene.motions) {
        addAll(Array.from({ length: motion.count }, (_, k) => k).filter((k) => !motion.away[k])
          .map((k) => [origin[0] + motion.drawn[3 * k], origin[1] + motion.drawn[3 * k + 1]]));
      }
      if (this.scene.queue) addAll(this.scene.queue.trucks(twin.state.queue));
      if (this.scene.told.bays) addAll(this.scene.told.bays.takenAt);
      const best = [...cells.values()].reduce((a, b) => (b[0] > a[0] ? b : a), [0, 0, 0]);
      if (!best[0]) return null;
      const spot = [origin[0] + best[1] / best[0], origin[1] + best[2] / best[0]];
      // Wide enough that at least some are in the picture: to the fifth of those nearest.
      const narrow = Math.cos((origin[1] * Math.PI) / 180);
      const away = all.map(([lon, lat]) => METRES * Math.hypot((lon - spot[0]) * narrow, lat - spot[1])).sort((a, b) => a - b);
      return { spot, metres: away[Math.min(4, away.length - 1)] };
    }

    tip(id, index) {
      if (id !== "columns") return "";
      const column = this.columns[index];
      return column ? `${column.name()}\n${this.words.people(column.people, column.kind)}` : "";
    }

    // Names that hold what was typed: places first, then vans.
    found(text) {
      const wanted = text.trim().toLowerCase();
      if (!wanted) return [];
      const { places } = this.scene.facts;
      const out = places.filter((p) => [p.ja, p.en, p.id].some((name) => String(name).toLowerCase().includes(wanted)))
        .map((place) => ({ text: place[this.lang] || place.id, place }));
      for (const motion of this.scene.motions) {
        for (let trip = 0; trip < motion.trips && out.length < 60; trip++) {
          const text2 = this.nameOf(motion, trip);
          if (text2.toLowerCase().includes(wanted)) out.push({ text: `${text2} · ${this.clock(motion.time[motion.columns.start[trip]])}`, motion, trip });
        }
      }
      return out.slice(0, 8);
    }
  };

  // Level of service of footpaths: colours of the period, worked out when a period begins.
  twin.Service = class {
    constructor(scene) {
      const { service } = scene.columns;
      this.fact = scene.facts.reading.service;
      this.columns = service;
      this.colors = this.fact.colors.map(rgb);
      const links = service.start.length - 1;
      this.first = new Int32Array(links + 1);
      for (const row of service.row) this.first[row + 1]++;
      for (let i = 0; i < links; i++) this.first[i + 1] += this.first[i];
      this.xy = twin.pairs(service, scene.facts.degree_step);
      this.width = new Float32Array(service.lon.length);
      for (let i = 0; i < links; i++) this.width.fill(service.width_cm[i] / 100, service.start[i], service.start[i + 1]);
      this.levels = new Uint8Array(links);
    }

    // Rows of a layer, and how many footpaths are at each level.
    at(t) {
      const period = Math.floor(t / this.fact.period_s);
      if (period === this.period) return this.data;
      this.period = period;
      const { time, level, start } = this.columns;
      const color = new Uint8Array(4 * this.columns.lon.length);
      this.perLevel = this.colors.map(() => 0);
      for (let link = 0; link + 1 < start.length; link++) {
        let now = 0;
        for (let i = this.first[link]; i < this.first[link + 1] && time[i] <= t; i++) now = level[i];
        this.levels[link] = now;
        if (!now) continue;
        this.perLevel[now - 1]++;
        const [red, green, blue] = this.colors[now - 1];
        for (let v = start[link]; v < start[link + 1]; v++) color.set([red, green, blue, now > 1 ? 255 : 120], 4 * v);
      }
      this.data = { length: start.length - 1, startIndices: start, attributes: {
        getPath: { value: this.xy, size: 2 }, getWidth: { value: this.width, size: 1 }, getColor: { value: color, size: 4, normalized: true },
      } };
      return this.data;
    }
  };
})(window.__twin);
