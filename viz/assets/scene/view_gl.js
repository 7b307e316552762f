// The 3D view: layers as pydeck states them, drawn by deck.gl; nothing here knows what the page looks like.
"use strict";
((twin) => {
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

  // A box on the ground, its length along x, for vehicles.
  const box = ([length, width, height]) => {
    const positions = [];
    const normals = [];
    const [x, y] = [length / 2, width / 2];
    const side = (normal, corners) => {
      for (const i of [0, 1, 2, 0, 2, 3]) { positions.push(...corners[i]); normals.push(...normal); }
    };
    side([0, 0, 1], [[-x, -y, height], [x, -y, height], [x, y, height], [-x, y, height]]);
    side([1, 0, 0], [[x, -y, 0], [x, y, 0], [x, y, height], [x, -y, height]]);
    side([-1, 0, 0], [[-x, y, 0], [-x, -y, 0], [-x, -y, height], [-x, y, height]]);
    side([0, 1, 0], [[x, y, 0], [-x, y, 0], [-x, y, height], [x, y, height]]);
    side([0, -1, 0], [[-x, -y, 0], [x, -y, 0], [x, -y, height], [-x, -y, height]]);
    return { attributes: {
      POSITION: { value: new Float32Array(positions), size: 3 }, NORMAL: { value: new Float32Array(normals), size: 3 },
    } };
  };

  const streets = (columns, facts) => {
    const width = new Float32Array(columns.lon.length);
    for (let i = 0; i + 1 < columns.start.length; i++) {
      // A footpath has no lanes; 2.5 m is drawn.
      const metres = columns.lanes[i] > 0 ? columns.lanes[i] * facts.lane_width_m : 2.5;
      width.fill(metres, columns.start[i], columns.start[i + 1]);
    }
    return {
      length: columns.start.length - 1, startIndices: columns.start,
      attributes: { getPath: { value: twin.pairs(columns, facts.degree_step), size: 2 }, getWidth: { value: width, size: 1 } },
    };
  };

  const blocks = (columns, facts) => ({
    length: columns.start.length - 1, startIndices: columns.start,
    attributes: { getPolygon: { value: twin.pairs(columns, facts.degree_step), size: 2 } },
  });

  // The lamps of deck.gl give a roof 0.57 of the diffuse light and the walls that face them 0.9: roofs come out in the
  // colour of the theme, walls a little lighter. On a light ground less is enough.
  const RELIEF = { dark: 0.8, light: 0.2 };
  const matt = (theme) => ({ ambient: 1 - 0.57 * RELIEF[theme], diffuse: RELIEF[theme], shininess: 1, specularColor: [0, 0, 0] });

  // Places a traveller knows by name are drawn larger than the many stops.
  const RADIUS_M = { station: 45, gate: 22, yard: 20, depot: 20, poi: 7, exit: 5, stop: 8 };
  const marks = ({ places, origin }) => ({
    length: places.length,
    attributes: {
      getPosition: { value: Float32Array.from(places.flatMap((p) => [p.lon - origin[0], p.lat - origin[1], 0])), size: 3 },
      getRadius: { value: Float32Array.from(places, (p) => RADIUS_M[p.kind] ?? 6), size: 1 },
    },
  });

  const trails = (motion) => ({
    length: motion.trips, startIndices: motion.columns.start,
    attributes: {
      getPath: { value: motion.xy, size: 2 }, getTimestamps: { value: motion.time, size: 1 },
      getColor: { value: motion.pathColors(), size: 4, normalized: true },
    },
  });

  const heads = (motion, mesh) => ({
    length: motion.count, yaw: motion.yaw,
    attributes: {
      getPosition: { value: motion.position, size: 3 },
      [mesh ? "getColor" : "getFillColor"]: { value: motion.color, size: 4, normalized: true },
    },
  });

  const constantsOf = (scene) => {
    const none = { length: 0 };
    const out = { yaw: (_, { index, data }) => [0, data.yaw[index], 0], queue_path: [none], queue_column: [none], places: marks(scene.facts) };
    for (const name of ["walk", "drive_minor", "drive_major"]) {
      if (scene.columns[name]) out[name] = streets(scene.columns[name], scene.facts);
    }
    if (scene.columns.blocks) out.blocks = blocks(scene.columns.blocks, scene.facts);
    for (const motion of scene.motions) {
      const { key, size_m: size } = motion.fact;
      out[key] = trails(motion);
      out[`heads_${key}`] = { length: 0 };
      if (size) out[`box_${key}`] = box(size);
    }
    return out;
  };

  // 4 m a truck: a line of fifty stands as tall as a tower block.
  twin.queueHeight = (queueNow) => 4 * queueNow.trucks;

  twin.glWorks = () => {
    try { return Boolean(document.createElement("canvas").getContext("webgl2")); } catch { return false; }
  };

  twin.GlView = class {
    // `told` is called with {hover: …} and after every frame with {drawn: viewport}.
    constructor(scene, parent, told) {
      this.scene = scene;
      this.parent = parent;
      this.t = 0;
      this.shown = {};
      this.theme = "dark";
      const converter = new deck.JSONConverter({ configuration: { classes: deck, constants: constantsOf(scene) } });
      const props = converter.convert(scene.spec);
      this.layers = props.layers;
      this.viewState = { ...props.initialViewState };
      this.queueNow = { trucks: 0, metres: 0 };
      this.deck = new deck.Deck({
        parent, views: props.views, initialViewState: this.viewState, layers: [], useDevicePixels: true,
        pickingRadius: 4, getCursor: ({ isDragging, isHovering }) => (isDragging ? "grabbing" : isHovering ? "pointer" : "grab"),
        onHover: (info) => told({ hover: info.layer && info.index >= 0 ? { id: info.layer.id, index: info.index, x: info.x, y: info.y } : null }),
        onViewStateChange: ({ viewState }) => { this.viewState = viewState; this.refresh(); },
        onAfterRender: () => { const [viewport] = this.deck.getViewports(); if (viewport) told({ drawn: viewport }); },
        onError: (error) => told({ error }),
      });
    }

    // Vehicles never shrink below some pixels: seen from far they are drawn larger than they are.
    scaleFor(size) {
      const metresPerPixel = (78271.5 * Math.cos((this.viewState.latitude * Math.PI) / 180)) / 2 ** this.viewState.zoom;
      return Math.max(1, ((size[0] > 8 ? 24 : 18) * metresPerPixel) / size[0]);
    }

    refresh() {
      const look = this.scene.facts.themes[this.theme];
      const motionOf = Object.fromEntries(this.scene.motions.map((m) => [m.fact.key, m]));
      this.layers = this.layers.map((layer) => {
        const { id } = layer;
        const props = { visible: this.shown[id] !== false };
        if (id.startsWith("trail_")) props.currentTime = this.t;
        else if (id.startsWith("heads_")) {
          const motion = motionOf[id.slice(6)];
          props.data = heads(motion, Boolean(motion.fact.size_m));
          if (motion.fact.size_m) props.sizeScale = this.scaleFor(motion.fact.size_m);
          else props.getLineColor = rgb(look.head_edge);
        } else if (id.startsWith("queue_")) Object.assign(props, this.queueProps(id));
        else if (id === "places") Object.assign(props, { getFillColor: rgb(look.place), getLineColor: rgb(look.place_edge) });
        else if (id === "blocks") Object.assign(props, { getFillColor: rgb(look.blocks), material: matt(this.theme) });
        else props.getColor = rgb(look[id]);
        return layer.clone(props);
      });
      this.deck.setProps({ layers: this.layers });
    }

    queueProps(id) {
      const { queue } = this.scene;
      if (id === "queue_path") {
        const path = queue.path(this.queueNow.metres);
        return { data: path.length > 1 ? [{ path }] : [] };
      }
      return { data: this.queueNow.trucks ? [{ position: queue.fact.gate, height: twin.queueHeight(this.queueNow) }] : [] };
    }

    setTime(t, queueNow) { this.t = t; this.queueNow = queueNow; this.refresh(); }
    setShown(shown) { this.shown = shown; this.refresh(); }
    setTheme(theme) { this.theme = theme; this.refresh(); }

    // Puts the corners of a frame inside the free part of the window, as seen with the present tilt.
    frame([west, south, east, north], seconds) {
      const { clientWidth: width, clientHeight: height } = this.parent;
      const room = width > 760 && height > 500 ? { left: 350, right: width - 50, top: 90, bottom: height - 130 }
        : { left: 20, right: width - 60, top: 40, bottom: height - 180 };
      const corners = [[west, south], [east, south], [east, north], [west, north]];
      const at = { longitude: (west + east) / 2, latitude: (south + north) / 2, zoom: 12, bearing: 0 };
      // Perspective bends the answer, so it is approached in a few rounds.
      for (let round = 0; round < 8; round++) {
        const box = this.boxOf(corners, { ...at, width, height });
        const fit = Math.min((room.right - room.left) / (box.right - box.left), (room.bottom - room.top) / (box.bottom - box.top));
        at.zoom = Math.min(17, at.zoom + 0.9 * Math.log2(fit));
        const now = { ...at, width, height, pitch: this.viewState.pitch };
        const moved = this.boxOf(corners, now);
        const aside = [moved.left + moved.right - room.left - room.right, moved.top + moved.bottom - room.top - room.bottom];
        [at.longitude, at.latitude] = new deck.WebMercatorViewport(now).unproject([(width + aside[0]) / 2, (height + aside[1]) / 2]);
      }
      this.go(at, seconds);
    }

    boxOf(corners, state) {
      const viewport = new deck.WebMercatorViewport({ ...state, pitch: this.viewState.pitch });
      const points = corners.map((corner) => viewport.project(corner));
      const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
      return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
    }

    tilt(flat) { this.go({ pitch: flat ? 0 : 50, bearing: flat ? 0 : this.viewState.bearing }, 0.5); }

    go(change, seconds) {
      const { transitionDuration, transitionInterpolator, ...now } = this.viewState;
      const moved = { ...now, ...change };
      if (seconds > 0) {
        moved.transitionDuration = seconds * 1000;
        moved.transitionInterpolator = new deck.FlyToInterpolator();
      } else this.viewState = moved;
      this.deck.setProps({ initialViewState: moved });
      this.refresh();
    }
  };
})(window.__twin);
