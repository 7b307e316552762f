// The parts of the page that read: search field, card of the one who is followed, rows of the legend that tell.
"use strict";
((twin) => {
  const make = (tag, className, ...children) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children);
    return element;
  };

  twin.Desk = class {
    // `hands` are what the page lends: scene, timebar, view(), addRow.
    constructor(hands) {
      Object.assign(this, hands);
      this.reading = this.scene.reading = new twin.Reading(this.scene);
      if (this.scene.columns.service) this.scene.service = new twin.Service(this.scene);
      this.search = make("input");
      this.search.id = "search";
      this.search.type = "search";
      this.search.autocomplete = "off";
      this.results = make("div");
      this.results.id = "results";
      this.card = make("section", "glass");
      this.card.id = "follow";
      this.card.hidden = true;
      this.head = make("div", "follow-head");
      this.name = make("strong");
      this.close = make("button");
      this.close.type = "button";
      this.close.textContent = "×";
      this.head.append(this.name, this.close);
      this.now = make("p");
      this.day = make("ol");
      this.card.append(this.head, this.now, this.day);
      document.body.append(this.card);
      document.getElementById("rows").prepend(this.search, this.results);
      this.search.addEventListener("input", () => this.find());
      this.close.addEventListener("click", () => this.leave());
      window.addEventListener("keydown", (event) => { if (event.key === "Escape") this.leave(); });
    }

    addRows() {
      const { reading, scene } = this;
      if (reading.hasColumns) {
        const color = "#d55e00";
        const states = [];
        if (reading.rides) states.push({ ...this.wordsOf("waitingHere"), color, of: 0 });
        if (reading.staying.some((state) => state >= 0)) states.push({ ...this.wordsOf("stayingHere"), color, of: 1 });
        this.columnStates = states;
        this.addRow("columns", () => reading.words.columns, states, false);
      }
      for (const [id, told] of Object.entries(scene.told)) this.addRow(id, () => reading.words.told[id](scene.facts.reading.reach), told.states, false);
      if (scene.service) {
        const { colors, bounds } = scene.service.fact;
        const states = colors.map((color, i) => {
          const text = `${"ABCDEF"[i]} ${i < bounds.length ? `≤ ${bounds[i]}` : `> ${bounds[i - 1]}`}`;
          return { ja: text, en: text, color };
        });
        this.addRow("service", () => reading.words.service, states, false);
      }
    }

    wordsOf(key) { return { ja: twin.words.ja[key], en: twin.words.en[key] }; }

    // Numbers of the rows above, in the page's own way.
    count(key) {
      if (key === "columns") {
        const counts = this.reading.counts;
        const shown = this.columnStates.map((state) => counts[state.of]);
        return [shown.reduce((a, b) => a + b, 0), shown];
      }
      if (this.scene.told[key]) return this.scene.told[key].counts;
      if (key === "service") {
        this.scene.service.at(this.timebar.t);
        return [this.scene.service.perLevel.reduce((a, b) => a + b, 0), this.scene.service.perLevel];
      }
      return null;
    }

    speak() {
      const { words } = this.reading;
      this.search.placeholder = words.search;
      this.search.setAttribute("aria-label", words.search);
      const bottom = Math.round(document.getElementById("card").getBoundingClientRect().bottom);
      document.documentElement.style.setProperty("--card-bottom", `${bottom}px`);
      this.close.title = words.close;
      this.close.setAttribute("aria-label", words.close);
      this.writeDay();
    }

    moved(t) {
      this.reading.moved(t);
      if (!this.reading.followed) return;
      const index = this.reading.followedIndex;
      const { motion } = this.reading.followed;
      this.now.textContent = index < 0 ? this.reading.words.notUnderWay : this.reading.linesOf(motion, index, t).slice(1).join("\n");
      const past = this.moments.filter(([at]) => at <= t).length;
      [...this.day.children].forEach((item, i) => { item.className = i < past ? "past" : ""; });
      if (past !== this.past) { this.past = past; this.day.children[Math.max(0, past - 1)]?.scrollIntoView({ block: "nearest" }); }
      if (index >= 0 && this.keeps) this.view().centre?.(motion.lonLatOf(index));
    }

    writeDay() {
      if (!this.reading.followed) return;
      const { motion, trip } = this.reading.followed;
      this.name.textContent = this.reading.nameOf(motion, trip);
      this.moments = this.reading.dayOf(this.reading.followed);
      this.day.replaceChildren(...this.moments.map(([at, text]) => {
        const jump = make("button");
        jump.type = "button";
        jump.textContent = `${this.reading.clock(at)}  ${text}`;
        jump.addEventListener("click", () => this.timebar.set(at + 0.01));
        return make("li", "", jump);
      }));
    }

    clicked({ id, index }) {
      const motion = this.scene.motions.find((m) => /^(heads|bodies|bare)_/.test(id) && id.endsWith(`_${m.fact.key}`));
      if (motion && index < motion.count) this.follow(motion, motion.row[index]);
    }

    follow(motion, trip) {
      this.reading.follow(motion, trip);
      this.keeps = true;
      this.past = -1;
      this.card.hidden = false;
      document.documentElement.classList.add("following");
      this.writeDay();
      const { t } = this.timebar;
      const [start, end] = [motion.columns.start[trip], motion.columns.start[trip + 1] - 1];
      this.timebar.set(t >= motion.time[start] && t <= motion.time[end] ? t : motion.time[start] + 0.01);
      this.view().closeUp?.();
    }

    leave() {
      if (!this.reading.followed) return;
      this.reading.leave();
      this.card.hidden = true;
      document.documentElement.classList.remove("following");
      this.timebar.set(this.timebar.t);
    }

    find() {
      this.results.replaceChildren(...this.reading.found(this.search.value).map(({ text, place, motion, trip }) => {
        const button = make("button");
        button.type = "button";
        button.textContent = text;
        button.addEventListener("click", () => {
          this.results.replaceChildren();
          this.search.value = "";
          if (motion) this.follow(motion, trip);
          else this.view().frame([place.lon - 0.0015, place.lat - 0.0012, place.lon + 0.0015, place.lat + 0.0012], 1.2);
        });
        return button;
      }));
    }
  };
})(window.__twin);
