// The clock of the page: play, pause, speed, slider, and the day's activity behind it.
"use strict";
((twin) => {
  const SPEEDS = [1, 5, 15, 30, 60, 120, 300, 600];
  const two = (n) => String(n).padStart(2, "0");

  // 24:30 is half past midnight of the next day: the city's clock runs on.
  twin.clockText = (s, seconds = true) => {
    const whole = Math.floor(s + 1e-6);
    const text = `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}`;
    return seconds ? `${text}:${two(whole % 60)}` : text;
  };

  twin.Timebar = class {
    constructor(scene, element, moved) {
      Object.assign(this, { scene, element, moved, playing: false, t: 0, speed: 60 });
      this.span = Math.max(1, scene.facts.clock.to_s - scene.facts.clock.from_s);
      element.slider.max = String(this.span);
      element.slider.min = "0";
      for (const speed of SPEEDS) element.speed.append(new Option("", String(speed), speed === 60, speed === 60));
      element.slider.addEventListener("input", () => this.set(Number(element.slider.value)));
      element.speed.addEventListener("change", () => { this.speed = Number(element.speed.value); });
      element.play.addEventListener("click", () => this.play(!this.playing));
      this.drawTicks();
      this.drawActivity();
      new ResizeObserver(() => this.drawTicks()).observe(element.ticks);
    }

    speak(words) {
      this.words = words;
      [...this.element.speed.options].forEach((option) => { option.textContent = words.times(option.value); });
      this.element.speed.setAttribute("aria-label", words.speed);
      this.element.slider.setAttribute("aria-label", words.slider);
      this.showPlaying();
    }

    showPlaying() {
      const label = this.playing ? this.words.pause : this.words.play;
      this.element.play.textContent = this.playing ? "❚❚" : "▶";
      this.element.play.title = label;
      this.element.play.setAttribute("aria-label", label);
    }

    play(on) {
      if (on && this.t >= this.span) this.set(0);
      this.playing = on;
      this.showPlaying();
      if (!on) return;
      let before = performance.now();
      const frame = (now) => {
        if (!this.playing) return;
        // A tab that slept does not jump: at most a quarter of a second passes between frames.
        const passed = Math.min(0.25, (now - before) / 1000);
        before = now;
        this.set(this.t + passed * this.speed);
        if (this.t >= this.span) this.play(false); else requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    }

    set(t) {
      this.t = Math.max(0, Math.min(this.span, t));
      const at = this.scene.facts.clock.from_s + this.t;
      this.element.slider.value = String(this.t);
      this.element.slider.setAttribute("aria-valuetext", twin.clockText(at));
      this.element.clock.textContent = twin.clockText(at);
      this.moved(this.t);
    }

    drawTicks() {
      const { from_s: from, to_s: to } = this.scene.facts.clock;
      const room = Math.max(2, this.element.ticks.clientWidth / 60);
      const step = [60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200].find((s) => this.span / s <= room) ?? 86400;
      this.element.ticks.replaceChildren();
      for (let s = Math.ceil(from / step) * step; s <= to; s += step) {
        const tick = document.createElement("span");
        tick.textContent = twin.clockText(s, false);
        tick.style.left = `${(100 * (s - from)) / this.span}%`;
        this.element.ticks.append(tick);
      }
    }

    // Kinds of bodies differ by orders of magnitude, so each curve has its own height.
    drawActivity() {
      const bins = Math.min(240, Math.max(12, Math.floor(this.span / 60)));
      const { activity } = this.element;
      activity.setAttribute("viewBox", `0 0 ${bins} 100`);
      for (const motion of this.scene.motions) {
        const counts = motion.activity(bins, this.span);
        const top = Math.max(1, ...counts);
        const points = [`0,100`];
        counts.forEach((n, i) => points.push(`${i},${100 - (92 * n) / top}`, `${i + 1},${100 - (92 * n) / top}`));
        const area = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
        area.setAttribute("points", [...points, `${bins},100`].join(" "));
        area.setAttribute("fill", motion.fact.states[motion.fact.states.length - 1].color);
        area.setAttribute("fill-opacity", "0.16");
        area.setAttribute("stroke", area.getAttribute("fill"));
        area.setAttribute("stroke-width", "1.5");
        area.setAttribute("vector-effect", "non-scaling-stroke");
        activity.append(area);
      }
    }

    // The first moment at which at least half of the busiest moment's bodies are under way.
    busyMoment() {
      const bins = 96;
      const total = new Float64Array(bins);
      for (const motion of this.scene.motions) {
        const counts = motion.activity(bins, this.span);
        const top = Math.max(1, ...counts);
        counts.forEach((n, i) => { total[i] += n / top; });
      }
      const enough = 0.7 * Math.max(...total);
      return ((total.findIndex((n) => n >= enough && n > 0) + 0.5) / bins) * this.span;
    }
  };
})(window.__twin);
