// Presenter mode: one sentence in big type above the picture, keys to go on, nothing to configure.
"use strict";
((twin) => {
  const $ = (id) => document.getElementById(id);

  twin.Presenter = class {
    constructor({ html, timebar, scene }, story) {
      Object.assign(this, { html, timebar, scene, story, on: false });
      story.told = () => this.show();
      $("present").addEventListener("click", () => this.set(!this.on));
      // Who leaves the full screen by the browser's own key leaves the mode.
      document.addEventListener("fullscreenchange", () => { if (this.on && !document.fullscreenElement) this.set(false); });
      this.parts = Object.fromEntries(["when", "what", "which", "keys"].map((name) => {
        const part = Object.assign(document.createElement("p"), { className: `caption-${name}` });
        $("caption").append(part);
        return [name, part];
      }));
    }

    speak(words) {
      this.words = words;
      $("present").textContent = words.present;
      $("present").title = words.presentTitle;
      this.parts.keys.textContent = words.presentKeys;
      this.show();
    }

    set(on) {
      this.on = on;
      this.html.classList.toggle("presenting", on);
      $("caption").hidden = !on;
      $("present").setAttribute("aria-pressed", String(on));
      twin.state.presenting = on;
      // A browser fills the screen only when somebody has just pressed something; the mode works in the window too.
      if (on && navigator.userActivation?.isActive) this.html.requestFullscreen?.().catch(() => {});
      else if (!on && document.fullscreenElement) document.exitFullscreen().catch(() => {});
      if (on && this.story.chapters.length && this.story.at < 0) this.story.go(0);
      // The free part of the window is another now.
      else if (this.story.at >= 0) this.story.frame(0.6);
      this.show();
    }

    show() {
      if (!this.words) return;
      const { chapters, at } = this.story;
      const chapter = chapters[at];
      const { facts, compare } = this.scene;
      this.tick();
      // -1 is the title, -2 the way from chapter to chapter.
      this.parts.what.textContent = chapter ? chapter[this.html.lang] : at === -2 ? "" : facts.title[this.html.lang];
      const names = [facts, ...(compare ? [compare.second.facts] : [])].map((of) => of.variant[this.html.lang]);
      const side = chapter && chapter.side < 2 ? names[chapter.side] : names.join(" | ");
      this.parts.which.textContent = [side, chapter ? this.words.chapterOf(at + 1, chapters.length) : ""].filter(Boolean).join(" · ");
    }

    // The clock runs on while a chapter stands.
    tick() {
      if (!$("caption").hidden) this.parts.when.textContent = twin.clockText(this.scene.facts.clock.from_s + this.timebar.t, false);
    }

    // Whether the key is the presenter's.
    onKey({ key, target }) {
      if (!this.on) return false;
      if (key === "Escape") this.set(false);
      else if (["ArrowRight", "ArrowDown", "PageDown", "Enter"].includes(key)) this.story.step(1);
      else if (["ArrowLeft", "ArrowUp", "PageUp"].includes(key)) this.story.step(-1);
      else if (key === "Home") this.story.go(0);
      else if (key === "End") this.story.go(this.story.chapters.length - 1);
      else if (key === " ") this.timebar.play(!this.timebar.playing);
      else return false;
      target.blur?.();
      return true;
    }
  };
})(window.__twin);
