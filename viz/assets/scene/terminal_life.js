// The container terminal at a moment: which lanes of the in-gate serve whom, and how high the stacks stand.
"use strict";
((twin) => {
  // Boxes in one tier of a stack: six side by side.
  const TIER = 6;
  const TIER_M = 2.59;
  const FREE = [0, 158, 115, 255];
  const BUSY = [213, 94, 0, 255];

  twin.Gate = class {
    constructor(scene) {
      const { gate, boxes } = scene.columns;
      const { second_step: step } = scene.facts;
      this.fact = scene.facts.queue;
      this.lane = gate.lane;
      this.start = Float32Array.from(gate.start, (t) => t * step);
      this.end = Float32Array.from(gate.end, (t) => t * step);
      this.state = gate.state;
      this.box = gate.box;
      this.first = new Int32Array(this.fact.lanes.length + 1);
      for (const lane of gate.lane) this.first[lane + 1]++;
      for (let i = 0; i < this.fact.lanes.length; i++) this.first[i + 1] += this.first[i];
      this.boxTime = Float32Array.from(boxes.time, (t) => t * step);
      this.boxes = boxes;
    }

    // Row of the service in a lane at a moment, or -1.
    serving(lane, t) {
      let low = this.first[lane];
      let high = this.first[lane + 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.start[middle] <= t) low = middle + 1; else high = middle;
      }
      const row = low - 1;
      return row >= this.first[lane] && t < this.end[row] ? row : -1;
    }

    // Longitude, latitude, direction and class of every truck in a lane.
    trucks(t) {
      const out = [];
      this.fact.lanes.forEach(([lon, lat], lane) => {
        const row = this.serving(lane, t);
        if (row >= 0) out.push([lon, lat, this.fact.angle_deg, this.state[row], !this.box[row]]);
      });
      return out;
    }

    lights(t, origin) {
      const { lanes } = this.fact;
      const position = new Float32Array(3 * lanes.length);
      const color = new Uint8Array(4 * lanes.length);
      lanes.forEach(([lon, lat], lane) => {
        position.set([lon - origin[0], lat - origin[1], 7.9], 3 * lane);
        color.set(this.serving(lane, t) >= 0 ? BUSY : FREE, 4 * lane);
      });
      return { length: lanes.length, attributes: { getPosition: { value: position, size: 3 }, getFillColor: { value: color, size: 4, normalized: true } } };
    }

    // Boxes brought less boxes fetched since the start of the day.
    net(t) {
      let low = 0;
      let high = this.boxTime.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.boxTime[middle] <= t) low = middle + 1; else high = middle;
      }
      return low ? this.boxes.net[low - 1] : 0;
    }

    // Height of a stack: tiers more or less than at the start fall on the stacks in an order of their own.
    heightOf(index, count, height, tiers) {
      const place = (index * 7919) % count;
      const whole = Math.trunc(tiers / count);
      const rest = Math.abs(tiers % count);
      const change = whole + (place < rest ? Math.sign(tiers) : 0);
      return Math.max(0, Math.min(5 * TIER_M, height + change * TIER_M));
    }

    tiers(t) { return Math.trunc(this.net(t) / TIER); }
  };
})(window.__twin);
