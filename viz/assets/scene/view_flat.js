// The flat view: the same scene on a 2D canvas, for browsers without WebGL. Same methods as the 3D view.
"use strict";
((twin) => {
  const mercator = (lon, lat) => [(lon + 180) / 360, 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI)];

  twin.FlatView = class {
    constructor(scene, parent, told) {
      Object.assign(this, { scene, told, t: 0, shown: {}, theme: "dark", queueNow: { trucks: 0, yards: 0, road: 0, metres: 0 }, viewState: { zoom: 13, pitch: 0 } });
      this.canvas = document.createElement("canvas");
      this.canvas.style.cssText = "width:100%;height:100%;display:block;touch-action:none";
      parent.append(this.canvas);
      this.middle = mercator(...scene.facts.origin);
      this.scale = 2 ** 22;
      this.ground = ["blocks", "green", "water", "paved", "walk", "drive_minor", "drive_major", "rails", "buildings"].filter((name) => scene.columns[name])
        .map((name) => [name, scene.columns[name], this.projected(twin.pairs(scene.columns[name], scene.facts.degree_step))]);
      this.listen();
    }

    projected(xy) {
      const [lon, lat] = this.scene.facts.origin;
      const out = new Float64Array(xy.length);
      for (let i = 0; i < xy.length; i += 2) out.set(mercator(lon + xy[i], lat + xy[i + 1]), i);
      return out;
    }

    listen() {
      const { canvas } = this;
      let held = null;
      canvas.addEventListener("pointerdown", (e) => { held = [e.clientX, e.clientY]; canvas.setPointerCapture(e.pointerId); });
      canvas.addEventListener("pointerup", () => { held = null; });
      canvas.addEventListener("pointermove", (e) => {
        if (!held) return;
        this.middle = [this.middle[0] - (e.clientX - held[0]) / this.scale, this.middle[1] - (e.clientY - held[1]) / this.scale];
        held = [e.clientX, e.clientY];
        this.refresh();
        this.told({ camera: this.camera });
      });
      canvas.addEventListener("wheel", (e) => { e.preventDefault(); this.scale *= 2 ** (-e.deltaY / 300); this.refresh(); this.told({ camera: this.camera }); }, { passive: false });
      this.watch = new ResizeObserver(() => this.refresh());
      this.watch.observe(canvas);
    }

    get camera() { return { middle: this.middle, scale: this.scale }; }
    // The camera of another view, at once.
    adopt({ middle, scale }) { Object.assign(this, { middle, scale }); this.refresh(); }

    at(x, y) { return [(x - this.middle[0]) * this.scale + this.width / 2, (y - this.middle[1]) * this.scale + this.height / 2]; }
    project([lon, lat]) { return this.at(...mercator(lon, lat)); }

    refresh() {
      const dots = window.devicePixelRatio || 1;
      this.width = this.canvas.clientWidth;
      this.height = this.canvas.clientHeight;
      this.canvas.width = this.width * dots;
      this.canvas.height = this.height * dots;
      const pen = this.canvas.getContext("2d");
      pen.setTransform(dots, 0, 0, dots, 0, 0);
      this.drawGround(pen);
      const { told } = this.scene;
      for (const id of Object.keys(told)) if (this.shown[id] !== false) told[id].draw(pen, this);
      this.drawPlaces(pen);
      this.drawQueue(pen);
      for (const motion of this.scene.motions) this.drawHeads(pen, motion);
      this.viewState.zoom = Math.log2(this.scale / 512);
      this.told({ drawn: { width: this.width, height: this.height, zoom: this.viewState.zoom, project: (p) => this.project(p) } });
    }

    drawGround(pen) {
      for (const [name, columns, xy] of this.ground) {
        if (this.shown[name] === false) continue;
        const isArea = Boolean(columns.part) || name === "blocks";
        pen.strokeStyle = pen.fillStyle = this.scene.facts.themes[this.theme][name];
        pen.lineCap = pen.lineJoin = "round";
        // One path for each width; areas are one path in all.
        const widths = isArea ? [0] : [...new Set(columns.width_cm)];
        for (const width of widths) this.drawRings(pen, columns, xy, isArea ? null : width);
      }
    }

    // Metres on the ground in pixels.
    pixels(metres) { return (metres * this.scale) / (40075016.7 * Math.cos((this.scene.facts.origin[1] * Math.PI) / 180)); }

    drawRings(pen, columns, xy, width) {
      pen.beginPath();
      if (width !== null) pen.lineWidth = Math.max(0.6, this.pixels(width / 100));
      for (let i = 0; i + 1 < columns.start.length; i++) {
        if (width !== null && columns.width_cm[i] !== width) continue;
        for (let v = columns.start[i]; v < columns.start[i + 1]; v++) {
          const point = this.at(xy[2 * v], xy[2 * v + 1]);
          if (v === columns.start[i]) pen.moveTo(...point); else pen.lineTo(...point);
        }
      }
      if (width === null) pen.fill("evenodd"); else pen.stroke();
    }

    drawPlaces(pen) {
      if (this.shown.places === false) return;
      pen.fillStyle = this.scene.facts.themes[this.theme].place;
      for (const { lon, lat, kind } of this.scene.facts.places) {
        const [x, y] = this.project([lon, lat]);
        const half = kind === "stop" || kind === "poi" || kind === "exit" ? 1.2 : 2.5;
        pen.fillRect(x - half, y - half, 2 * half, 2 * half);
      }
    }

    drawQueue(pen) {
      if (!this.scene.queue || this.shown.heads_queue === false) return;
      const size = Math.max(3, this.pixels(8));
      for (const [lon, lat, , part] of this.scene.queue.trucks(this.queueNow)) {
        const [x, y] = this.project([lon, lat]);
        pen.fillStyle = this.scene.facts.queue_parts[part].color;
        pen.fillRect(x - size / 2, y - size / 2, size, size);
      }
    }

    drawHeads(pen, motion) {
      if (this.shown[`heads_${motion.fact.key}`] === false) return;
      pen.strokeStyle = this.scene.facts.themes[this.theme].head_edge;
      pen.lineWidth = 1;
      for (let k = 0; k < motion.count; k++) {
        if (motion.away[k] === 1) continue;
        const [x, y] = this.project(motion.lonLatOf(k));
        pen.fillStyle = motion.fact.states[motion.state[k]].color;
        pen.beginPath();
        const half = motion.keepsKerb ? 6.5 : 4.5;
        if (motion.fact.size_m) pen.rect(x - half, y - half, 2 * half, 2 * half); else pen.arc(x, y, 3.5, 0, 2 * Math.PI);
        pen.fill();
        pen.stroke();
      }
    }

    // Moves what is in the middle of the window into the middle of its free part.
    intoRoom(room = twin.roomOf(this.canvas.clientWidth, this.canvas.clientHeight)) {
      const { clientWidth: width, clientHeight: height } = this.canvas;
      this.middle = [
        this.middle[0] - ((room.left + room.right - width) / 2) / this.scale,
        this.middle[1] - ((room.top + room.bottom - height) / 2) / this.scale,
      ];
    }

    // The opening picture: about two kilometres and a half where most is going on.
    openOn([lon, lat]) {
      this.middle = mercator(lon, lat);
      this.scale = Math.max(this.scale, (this.canvas.clientHeight * 40075016.7 * Math.cos((lat * Math.PI) / 180)) / 2500);
      this.intoRoom();
      this.refresh();
    }

    setTime(t, queueNow) { this.t = t; this.queueNow = queueNow; this.refresh(); }
    setShown(shown) { this.shown = shown; this.refresh(); }
    setTheme(look, theme = look) { this.theme = theme; this.refresh(); }
    tilt() {}
    close() { this.watch.disconnect(); this.canvas.remove(); }

    frame([west, south, east, north]) {
      const [left, bottom] = mercator(west, south);
      const [right, top] = mercator(east, north);
      const room = twin.roomOf(this.canvas.clientWidth, this.canvas.clientHeight);
      this.scale = Math.min((room.right - room.left) / (right - left), (room.bottom - room.top) / (bottom - top));
      this.middle = [(left + right) / 2, (top + bottom) / 2];
      this.intoRoom(room);
      this.refresh();
    }
  };
})(window.__twin);
