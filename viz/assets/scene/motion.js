// Where everybody is at a moment: paths of one kind of body, and the heads that move along them.
"use strict";
((twin) => {
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

  // Degrees from the middle: out of every picture.
  const NOWHERE = 40;

  twin.Motion = class {
    constructor(fact, columns, facts) {
      const trips = columns.start.length - 1;
      this.fact = fact;
      this.columns = columns;
      this.trips = trips;
      this.origin = facts.origin;
      this.fromS = facts.clock.from_s;
      this.xy = twin.pairs(columns, facts.degree_step);
      this.time = Float32Array.from(columns.time, (t) => t * facts.second_step);
      this.colors = fact.states.map((state) => rgb(state.color));
      this.cursor = columns.start.slice(0, trips);
      // First and last moment of every trip side by side: at a moment most trips are looked at no further.
      this.begin = Float32Array.from({ length: trips }, (_, trip) => this.time[columns.start[trip]]);
      this.end = Float32Array.from({ length: trips }, (_, trip) => this.time[columns.start[trip + 1] - 1]);
      // Direction of each trip where it was looked at last, from there to the next point.
      this.facedAt = new Int32Array(trips).fill(-1);
      this.faced = new Float32Array(trips);
      this.eastPerNorth = Math.cos((facts.origin[1] * Math.PI) / 180);
      // Heads now: filled anew by moveTo, only the first `count` rows count.
      this.position = new Float32Array(trips * 3);
      // Where a head is drawn: beside its path, on its lane or on the width of its pavement.
      this.drawn = new Float32Array(trips * 3);
      this.side = facts.driving_side === "right" ? -1 : 1;
      this.laneWidth = facts.lane_width_m;
      this.keepsKerb = fact.name === "van" || fact.name === "bus";
      // Trucks with and without a box are drawn by two layers; each has the others nowhere.
      this.parted = columns.box_in ? [new Float32Array(trips * 3), new Float32Array(trips * 3)] : null;
      this.color = new Uint8Array(trips * 4).fill(255);
      this.whole = new Uint32Array(this.color.buffer);
      this.wholeOf = Uint32Array.from(this.colors, (color) => new Uint32Array(new Uint8Array([...color, 255]).buffer)[0]);
      this.yaw = new Float32Array(trips);
      this.row = new Int32Array(trips);
      this.away = new Uint8Array(trips);
      this.secondStep = facts.second_step;
      this.staying = fact.states.findIndex((state) => state.name === "staying");
      this.inColumns = -1;
      this.state = new Uint8Array(trips);
      this.count = 0;
      this.perState = fact.states.map(() => 0);
    }

    // Colour of every point of every path, for the trails.
    pathColors() {
      const { state } = this.columns;
      const out = new Uint32Array(state.length);
      for (let i = 0; i < state.length; i++) out[i] = this.wholeOf[state[i]];
      return new Uint8Array(out.buffer);
    }

    moveTo(t) {
      const { begin, end } = this;
      const { start } = this.columns;
      this.count = 0;
      this.perState.fill(0);
      for (let trip = 0; trip < this.trips; trip++) {
        if (t < begin[trip] || t > end[trip]) continue;
        this.put(trip, this.segment(trip, start[trip], start[trip + 1] - 1, t), t);
      }
      return this.count;
    }

    // Last point at or before t; the clock mostly runs forward, so the search starts where it ended.
    segment(trip, first, last, t) {
      let i = this.cursor[trip];
      if (this.time[i] > t || this.time[Math.min(i + 8, last)] < t) {
        let low = first;
        let high = last;
        while (low < high) {
          const middle = (low + high + 1) >> 1;
          if (this.time[middle] <= t) low = middle; else high = middle - 1;
        }
        i = low;
      }
      while (i < last && this.time[i + 1] <= t) i++;
      this.cursor[trip] = i;
      return i;
    }

    put(trip, i, t) {
      const { away_from, away_to } = this.columns;
      const k = this.count++;
      const j = Math.min(i + 1, this.columns.start[trip + 1] - 1);
      const gap = this.time[j] - this.time[i];
      const part = gap > 0 ? (t - this.time[i]) / gap : 0;
      const { xy, position } = this;
      position[3 * k] = xy[2 * i] + part * (xy[2 * j] - xy[2 * i]);
      position[3 * k + 1] = xy[2 * i + 1] + part * (xy[2 * j + 1] - xy[2 * i + 1]);
      const state = this.columns.state[i];
      this.whole[k] = this.wholeOf[state];
      if (this.facedAt[trip] !== i) {
        this.facedAt[trip] = i;
        this.faced[trip] = this.headingAt(trip, i);
      }
      this.yaw[k] = this.faced[trip];
      this.moveAside(k, trip, i, j, part);
      // A truck in the line or at the gate is one of those drawn there.
      this.away[k] = away_from && t >= this.secondStep * away_from[trip] && t < this.secondStep * away_to[trip] ? 1 : 0;
      // Who stays is part of a column, where columns are shown; the flat picture has none.
      if (state === this.inColumns) this.away[k] = 2;
      if (this.away[k]) this.drawn[3 * k] = NOWHERE;
      if (this.parted) {
        const boxed = this.boxed(trip, t);
        this.parted.forEach((drawn, bare) => {
          drawn[3 * k] = Boolean(bare) === boxed ? NOWHERE : this.drawn[3 * k];
          drawn[3 * k + 1] = this.drawn[3 * k + 1];
        });
      }
      this.row[k] = trip;
      this.state[k] = state;
      this.perState[state]++;
    }

    // Whether a truck has a box at a moment: what it came with until it has left the terminal.
    boxed(trip, t) {
      const { away_to: left, box_in: comes, box_out: leaves } = this.columns;
      return Boolean(left[trip] >= 0 && t >= this.secondStep * left[trip] ? leaves[trip] : comes[trip]);
    }

    // Vehicles keep to a lane of their side, vans and buses to that at the kerb; people keep the place on the pavement that their
    // id gives them, as far as it is wide there.
    moveAside(k, trip, i, j, part) {
      const { room_dm: room, kerb_dm: kerb, lanes } = this.columns;
      const key = Math.imul(this.columns.id_serial[trip] ^ Math.imul(this.columns.id_origin[trip], 0x85ebca6b), 0x9e3779b1) >>> 0;
      const [first, end] = [this.columns.start[trip], this.columns.start[trip + 1]];
      const before = i > first ? i - 1 : i;
      const after = j + 1 < end ? i + 1 : i;
      let metres = 0;
      if (room) {
        // Widths change gently towards the corners; never wider than the step itself.
        const here = part < 0.5 ? Math.min(room[i], room[before]) * (1 - 2 * part) + room[i] * 2 * part
          : room[i] * (2 - 2 * part) + Math.min(room[i], room[after]) * (2 * part - 1);
        metres = (key / 2147483648 - 1) * here / 10;
      } else if (kerb) {
        const at = (row) => kerb[row] / 10 - this.laneWidth * (this.keepsKerb ? 0 : (key >>> 8) % lanes[row]);
        const here = part < 0.5 ? (0.5 + part) * at(i) + (0.5 - part) * at(before) : (1.5 - part) * at(i) + (part - 0.5) * at(after);
        metres = here * this.side;
      }
      const angle = ((this.yaw[k] + 90) * Math.PI) / 180;
      const degrees = metres / 111319.5;
      this.drawn[3 * k] = this.position[3 * k] + (degrees * Math.cos(angle)) / this.eastPerNorth;
      this.drawn[3 * k + 1] = this.position[3 * k + 1] + degrees * Math.sin(angle);
    }

    // Direction of travel in degrees from east; who stands keeps the direction of the last move, or takes the next.
    headingAt(trip, i) {
      const first = this.columns.start[trip];
      const last = this.columns.start[trip + 1] - 1;
      const { xy } = this;
      const moves = (a) => xy[2 * a] !== xy[2 * a + 2] || xy[2 * a + 1] !== xy[2 * a + 3];
      let a = Math.min(i, last - 1);
      while (a > first && !moves(a)) a--;
      while (a < last - 1 && !moves(a)) a++;
      const east = (xy[2 * a + 2] - xy[2 * a]) * this.eastPerNorth;
      return (Math.atan2(xy[2 * a + 3] - xy[2 * a + 1], east) * 180) / Math.PI;
    }

    lonLatOf(k) {
      return [this.origin[0] + this.position[3 * k], this.origin[1] + this.position[3 * k + 1]];
    }

    // How many are under way in each of `bins` equal parts of the clock.
    activity(bins, spanS) {
      const change = new Float64Array(bins + 1);
      const binOf = (t) => Math.max(0, Math.min(bins - 1, Math.floor((t / spanS) * bins)));
      for (let trip = 0; trip < this.trips; trip++) {
        change[binOf(this.time[this.columns.start[trip]])]++;
        change[binOf(this.time[this.columns.start[trip + 1] - 1]) + 1]--;
      }
      for (let i = 1; i <= bins; i++) change[i] += change[i - 1];
      return change.subarray(0, bins);
    }
  };

  // Length of the queue at a moment, and the part of its road that it covers.
  twin.QueueLine = class {
    constructor(fact, columns, facts) {
      this.fact = fact;
      this.columns = columns;
      this.side = facts.driving_side === "right" ? -1 : 1;
      this.secondStep = facts.second_step;
      this.time = Float32Array.from(columns.time, (t) => t * facts.second_step);
    }

    // Of the trucks drawn in the line, as many bear no box as the visits of the moment say, evenly among them.
    bareOf(rows, line, t) {
      if (!line) return rows;
      let [low, high] = [0, line.time.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (line.time[middle] * this.secondStep <= t) low = middle + 1; else high = middle;
      }
      const share = low && line.trucks[low - 1] > 0 ? line.bare[low - 1] / line.trucks[low - 1] : 0;
      const waiting = rows.filter(([, , , part]) => part < 2).length;
      const bare = Math.round(share * waiting);
      let n = 0;
      return rows.map((row) => {
        if (row[3] > 1) return [...row, false];
        n++;
        return [...row, Math.floor((n * bare) / waiting) > Math.floor(((n - 1) * bare) / waiting)];
      });
    }

    at(t) {
      let low = 0;
      let high = this.time.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.time[middle] <= t) low = middle + 1; else high = middle;
      }
      const row = low - 1;
      if (row < 0) return { trucks: 0, yards: 0, road: 0, inside: 0, metres: 0 };
      const { trucks, yards, road, inside, metres_dm: decimetres } = this.columns;
      return { trucks: trucks[row], yards: yards[row], road: road[row], inside: inside[row], metres: decimetres[row] / 10 };
    }

    // Lon, lat, direction and part of the legend (0 road, 1 yards, 2 inside) of every truck that has a place: on the road
    // one behind the other over the metres they take, in yards bay by bay, inside on the aisles.
    trucks({ yards, road, metres, inside }) {
      const out = this.fact.bays.slice(0, yards).map(([lon, lat]) => [lon, lat, 90, 1]);
      for (const [lon, lat] of this.fact.inside.slice(0, inside)) out.push([lon, lat, this.fact.quay_deg, 2]);
      const line = road > 0 && metres > 0 ? this.path(metres) : [];
      const lengths = line.slice(1).map(([lon, lat], i) => 111320 * Math.hypot((lon - line[i][0]) * Math.cos((lat * Math.PI) / 180), lat - line[i][1]));
      for (let n = 0, i = 0, passed = 0; line.length > 1 && n < road; n++) {
        const at = ((n + 0.5) * metres) / road;
        while (i + 1 < lengths.length && passed + lengths[i] < at) passed += lengths[i++];
        const part = lengths[i] > 0 ? Math.min(1, (at - passed) / lengths[i]) : 0;
        const [[ax, ay], [bx, by]] = [line[i], line[i + 1]];
        const east = (ax - bx) * Math.cos((ay * Math.PI) / 180);
        const angle = Math.atan2(ay - by, east);
        const aside = (1.625 * this.side) / 111320;
        out.push([
          ax + part * (bx - ax) - (aside * Math.sin(angle)) / Math.cos((ay * Math.PI) / 180),
          ay + part * (by - ay) + aside * Math.cos(angle), (angle * 180) / Math.PI, 0,
        ]);
      }
      return out;
    }

    path(metres) {
      const out = [];
      let left = metres;
      const all = this.fact.path;
      for (let i = 0; i < all.length && left > 0; i++) {
        if (i === 0) { out.push(all[0]); continue; }
        const [ax, ay] = all[i - 1];
        const [bx, by] = all[i];
        const gap = 111320 * Math.hypot((bx - ax) * Math.cos((ay * Math.PI) / 180), by - ay);
        const part = gap > 0 ? Math.min(1, left / gap) : 0;
        out.push([ax + part * (bx - ax), ay + part * (by - ay)]);
        left -= gap;
      }
      return out;
    }
  };
})(window.__twin);
