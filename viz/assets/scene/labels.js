// Names on the map as ordinary text above it: crisp in every script, never in each other's way.
"use strict";
((twin) => {
  const RANK = { gate: 0, station: 1, yard: 2, depot: 3, poi: 4, exit: 5, stop: 6 };
  // Smaller things get their names only when one is near.
  const FROM_ZOOM = { gate: 10, station: 11.5, yard: 12.5, depot: 13, poi: 17.4, exit: 16.8, stop: 14.5 };

  twin.Labels = class {
    constructor(scene, parent) {
      this.queue = null;
      this.shown = true;
      this.parent = parent;
      this.marks = scene.facts.places
        .map((place) => ({ place, rank: RANK[place.kind] ?? 6, from: FROM_ZOOM[place.kind] ?? 14 }))
        .sort((a, b) => a.rank - b.rank);
      this.watch = new ResizeObserver(() => { this.covered = null; if (this.last) this.draw(this.last); });
      for (const panel of document.querySelectorAll(".glass")) this.watch.observe(panel);
      this.queueMark = scene.queue ? { place: { lon: scene.queue.fact.gate[0], lat: scene.queue.fact.gate[1] } } : null;
    }

    speak(lang) {
      this.lang = lang;
      for (const mark of this.marks) if (mark.element) this.write(mark);
    }

    write(mark) {
      const name = mark.place[this.lang];
      mark.element.textContent = name;
      // What is hidden has no width; the next frame decides anew who is shown.
      mark.element.hidden = false;
      mark.width = mark.element.offsetWidth + 12;
    }

    elementOf(mark) {
      if (mark.element) return mark.element;
      mark.element = document.createElement("span");
      if (mark.rank < 3) mark.element.className = "strong";
      this.parent.append(mark.element);
      this.write(mark);
      return mark.element;
    }

    // How many wait, at the gate.
    setQueue(text) {
      if (!this.queueMark) return;
      const mark = this.queueMark;
      mark.element ??= this.parent.appendChild(Object.assign(document.createElement("span"), { className: "queue" }));
      if (mark.element.textContent !== text) mark.element.textContent = text;
      mark.element.hidden = !text;
      mark.width = mark.element.offsetWidth;
    }

    // Panels over the map, in pixels of its parent; looked at anew when one of them changes its size.
    get panels() {
      if (!this.covered) {
        const { left, top } = this.parent.getBoundingClientRect();
        this.covered = [...document.querySelectorAll(".glass")].map((panel) => panel.getBoundingClientRect()).filter((box) => box.width)
          .map((box) => [box.left - left, box.top - top, box.right - left, box.bottom - top]);
      }
      return this.covered;
    }

    draw(viewport) {
      this.last = viewport;
      const taken = [...this.panels];
      const said = new Map();
      const { width, height, zoom } = viewport;
      const meets = (box) => taken.some((t) => box[0] < t[2] && t[0] < box[2] && box[1] < t[3] && t[1] < box[3]);
      if (this.queueMark?.element && !this.queueMark.element.hidden) {
        const [x, y] = viewport.project([this.queueMark.place.lon, this.queueMark.place.lat]);
        const wide = this.queueMark.width;
        // On the other side of the gate where the window or a panel ends.
        const right = [x + 12, y - 26, x + 12 + wide, y];
        let at = right[2] > width || meets(right) ? x - 12 - wide : x + 12;
        // A gate behind a panel has its number beside the panel.
        const behind = taken.find((t) => at < t[2] && t[0] < at + wide && y - 26 < t[3] && t[1] < y);
        if (behind) at = behind[0] - wide - 8 > 0 ? behind[0] - wide - 8 : behind[2] + 8;
        this.queueMark.element.style.transform = `translate(${Math.round(at)}px, ${Math.round(y - 24)}px)`;
        taken.push([at, y - 26, at + wide, y]);
      }
      for (const mark of this.marks) {
        let free = this.shown && zoom >= mark.from && said.size < 120;
        let x = 0;
        let y = 0;
        if (free) {
          [x, y] = viewport.project([mark.place.lon, mark.place.lat]);
          free = mark.place[this.lang] && x > -100 && y > -20 && x < width && y < height;
        }
        if (free) {
          const element = this.elementOf(mark);
          const box = [x, y - 12, x + mark.width, y + 12];
          // Platforms and exits share a name: once in a neighbourhood is enough.
          const twins = said.get(mark.place[this.lang]);
          free = !meets(box) && !twins?.some(([a, b]) => Math.hypot(a - x, b - y) < 260);
          if (free) {
            taken.push(box);
            said.set(mark.place[this.lang], [...(twins ?? []), [x, y]]);
            element.style.transform = `translate(${Math.round(x + 9)}px, ${Math.round(y - 10)}px)`;
          }
        }
        if (mark.element) mark.element.hidden = !free;
      }
    }
  };
})(window.__twin);
