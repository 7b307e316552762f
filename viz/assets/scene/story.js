// Chapters: what happened and when, each with its camera; and the link that opens the page at one of them.
"use strict";
((twin) => {
  const $ = (id) => document.getElementById(id);

  // Wishes in the address: #3d or #flat, #chapter=3, #t=10:52, #present, joined by &.
  twin.wishes = () => {
    const out = { view: "", chapter: 0, t: null, present: false };
    for (const wish of window.location.hash.slice(1).split("&")) {
      const [name, value = ""] = wish.split("=");
      const clock = /^(\d{1,3})(?::|%3A)(\d{2})(?:(?::|%3A)(\d{2}))?$/i.exec(value);
      if (name === "3d" || name === "flat") out.view = name;
      else if (name === "present") out.present = true;
      else if (name === "chapter" && /^\d{1,3}$/.test(value)) out.chapter = Number(value);
      else if (name === "t" && clock) out.t = 3600 * clock[1] + 60 * clock[2] + Number(clock[3] ?? 0);
    }
    return out;
  };

  twin.Story = class {
    // `hands` are what the page lends: goTo, timebar, scene, html.
    constructor(hands) {
      Object.assign(this, hands);
      const first = (this.scene.facts.chapters ?? []).map((chapter) => ({ ...chapter, side: 0 }));
      const second = (this.scene.compare?.second.facts.chapters ?? []).map((chapter) => ({ ...chapter, side: 1 }));
      // What happened in both alike is told once.
      const alike = (a, b) => a.at_s === b.at_s && a.ja === b.ja && a.en === b.en;
      for (const chapter of first) if (second.some((other) => alike(chapter, other))) chapter.side = 2;
      this.chapters = [...first, ...second.filter((chapter) => !first.some((other) => alike(chapter, other)))].sort((a, b) => a.at_s - b.at_s || a.side - b.side);
      this.at = -1;
      $("story").hidden = !this.chapters.length;
      this.buttons = this.chapters.map((chapter, i) => {
        const button = document.createElement("button");
        button.type = "button";
        button.append(...["chapter-time", "chapter-side", "chapter-text"].map((name) => Object.assign(document.createElement("span"), { className: name })));
        button.addEventListener("click", () => this.go(i));
        const item = document.createElement("li");
        item.append(button);
        $("chapters").append(item);
        return button;
      });
      $("story-fold").addEventListener("click", () => this.fold(!$("chapters").hidden));
      if (window.innerWidth < 1250) this.fold(true);
    }

    fold(away) {
      $("chapters").hidden = away;
      $("story").classList.toggle("folded", away);
      $("story-fold").setAttribute("aria-expanded", String(!away));
    }

    speak(words) {
      const { lang } = this.html;
      $("story-fold").textContent = words.chapters;
      this.chapters.forEach((chapter, i) => {
        const [time, side, text] = this.buttons[i].children;
        time.textContent = twin.clockText(chapter.at_s, false);
        side.textContent = this.scene.compare ? ["A", "B", "A·B"][chapter.side] : "";
        side.className = `chapter-side side-${["a", "b", "ab"][chapter.side]}`;
        text.textContent = chapter[lang];
        this.buttons[i].title = chapter.own ? words.byScenario : "";
      });
    }

    // Clock and camera of a chapter; what it is about stands in the middle of the picture.
    go(i, seconds = 1.6) {
      const chapter = this.chapters[i];
      if (!chapter) return;
      this.at = i;
      this.timebar.play(false);
      // Times in the page are whole hundredths: a moment later, what happened has happened.
      this.timebar.set(chapter.at_s - this.scene.facts.clock.from_s + 0.01);
      this.frame(seconds);
      this.buttons.forEach((button, k) => button.setAttribute("aria-current", k === i ? "step" : "false"));
      this.buttons[i].scrollIntoView({ block: "nearest" });
      // The address says where one is, so that it can be handed on; what else it wishes for stays.
      const wish = twin.wishes();
      const parts = [wish.view, wish.present ? "present" : "", `chapter=${i + 1}`];
      try { window.history.replaceState(null, "", `#${parts.filter(Boolean).join("&")}`); } catch { /* a frame without an address */ }
      twin.state.chapter = i + 1;
      this.told?.(i);
    }

    // The camera of the present chapter.
    frame(seconds) {
      const { bounds } = this.chapters[this.at];
      this.goTo(bounds ? { key: "chapter", bounds } : this.scene.facts.cameras[0], seconds);
    }

    step(by) {
      const now = this.scene.facts.clock.from_s + this.timebar.t;
      // Without a chapter chosen, the next or last one by the clock.
      const after = this.chapters.findIndex((chapter) => chapter.at_s > now + 0.5);
      const from = this.at >= 0 ? this.at : (after < 0 ? this.chapters.length : after) - (by > 0 ? 1 : 0);
      this.go(Math.max(0, Math.min(this.chapters.length - 1, from + by)));
    }

    // As the address wishes.
    open({ chapter, t }) {
      if (chapter >= 1 && chapter <= this.chapters.length) this.go(chapter - 1, 0);
      else if (t !== null) this.timebar.set(t - this.scene.facts.clock.from_s);
    }
  };
})(window.__twin);
