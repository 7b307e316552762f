// Walls that look like walls: storeys and windows on buildings, seams between containers. Drawn by the graphics card from
// each wall's own length and height, so that nothing of it stands in the file. Which windows are lit is a pattern, not data.
"use strict";
((twin) => {
  const BLOCK = `\
layout(std140) uniform facadeUniforms {
  float night;
  float lit;
  float kind;
  float east;
  float north;
} facade;
`;
  const VERTEX = `
#ifdef IS_SIDE_VERTEX
  vec2 facade_d = (nextPos.xy - pos.xy) * vec2(facade.east, facade.north);
  float facade_length = length(facade_d);
  facade_at = vec2(positions.x * facade_length, positions.y * elevations);
  facade_wall = vec3(facade_length, elevations, fract(sin(dot(floor(pos.xy * 1e6 + 0.5), vec2(12.9898, 78.233))) * 43758.5453));
#else
  facade_at = vec2(0.0);
  facade_wall = vec3(0.0);
#endif
`;
  const FRAGMENT = `
float facade_hash(vec2 p) { return fract(sin(dot(p, vec2(127.1, 311.7))) * 43758.5453); }
vec3 facade_walls(vec3 base) {
  if (facade_wall.x < 2.0 || facade_wall.y < 2.6) return base * mix(vec3(1.0), facade.kind > 0.5 ? vec3(1.0, 0.9, 0.72) : vec3(0.3, 0.33, 0.4), facade.night);
  bool boxes = facade.kind > 0.5;
  float columns = max(1.0, floor(facade_wall.x / (boxes ? 2.44 : 3.1)));
  if (boxes && facade_wall.x > 10.0) columns = max(1.0, floor(facade_wall.x / 12.2 + 0.5));
  float rows = max(1.0, floor(facade_wall.y / (boxes ? 2.58 : 3.5) + 0.2));
  vec2 cell = vec2(facade_at.x / facade_wall.x * columns, facade_at.y / facade_wall.y * rows);
  vec2 soft = fwidth(cell);
  float near = 1.0 - smoothstep(0.3, 0.9, max(soft.x, soft.y));
  vec2 inside = fract(cell);
  vec2 id = floor(cell);
  float draw = facade_hash(id + facade_wall.z * 91.7);
  if (boxes) {
    vec2 seam = smoothstep(vec2(0.0), max(soft, vec2(0.03)), min(inside, 1.0 - inside));
    vec3 paint = base * (0.72 + 0.5 * draw);
    paint = mix(paint, paint.brg, step(0.72, facade_hash(vec2(id.y, facade_wall.z * 57.0)) ) * 0.5);
    vec3 seen = mix(paint * 0.55, paint, seam.x * seam.y);
    return mix(base, seen, near) * mix(vec3(1.0), vec3(1.0, 0.9, 0.72), facade.night);
  }
  // Shop fronts below, windows above, a parapet at the top.
  bool ground = id.y < 0.5 && rows > 1.5;
  vec2 low = ground ? vec2(0.06, 0.04) : vec2(0.16, 0.3);
  vec2 high = ground ? vec2(0.94, 0.78) : vec2(0.84, 0.84);
  vec2 edge = max(soft, vec2(0.02));
  vec2 pane = smoothstep(low - edge * 0.5, low + edge * 0.5, inside) * (1.0 - smoothstep(high - edge * 0.5, high + edge * 0.5, inside));
  float glass = pane.x * pane.y;
  float share = (high.x - low.x) * (high.y - low.y);
  vec3 pale = mix(base * 0.45 + vec3(0.06, 0.1, 0.14), base * 0.3 + vec3(0.2, 0.28, 0.34), draw * draw);
  float wanted = ground ? min(0.9, facade.lit * 1.5 + 0.1) : facade.lit * (0.55 + 0.9 * facade_wall.z);
  float on = step(draw, wanted);
  vec3 lamp = mix(vec3(1.0, 0.80, 0.48), vec3(0.93, 0.95, 0.9), step(0.55, fract(draw * 7.3 + facade_wall.z)));
  vec3 wall = base * mix(vec3(1.0), vec3(0.27, 0.31, 0.45), facade.night);
  vec3 dark = mix(pale, vec3(0.05, 0.07, 0.11), facade.night);
  vec3 pane_color = mix(dark, lamp * (0.75 + 0.25 * draw), on * facade.night);
  vec3 afar = mix(wall, mix(dark, lamp * 0.8, clamp(wanted, 0.0, 1.0) * facade.night), share);
  // Less of the sky is seen near the ground.
  float open_sky = mix(0.82, 1.0, smoothstep(0.0, 9.0, facade_at.y));
  return mix(afar, mix(wall, pane_color, glass), near) * mix(open_sky, 1.0, facade.night);
}
`;
  const module = {
    name: "facade", vs: BLOCK, fs: BLOCK,
    uniformTypes: { night: "f32", lit: "f32", kind: "f32", east: "f32", north: "f32" },
    inject: {
      "vs:#decl": "out vec2 facade_at; flat out vec3 facade_wall;",
      "vs:#main-end": VERTEX,
      "fs:#decl": `in vec2 facade_at; flat in vec3 facade_wall;\n${FRAGMENT}`,
      "fs:#main-start": "",
      "fs:DECKGL_FILTER_COLOR": { order: -20, injection: "color.rgb = facade_walls(color.rgb);" },
    },
  };

  class Facade extends deck.LayerExtension {
    getShaders() { return { modules: [module] }; }
    draw() {
      const { night, lit } = twin.hour ?? { night: 0, lit: 0.3 };
      const lat = this.props.coordinateOrigin[1];
      this.setShaderModuleProps({ facade: {
        night, lit, kind: this.id === "containers" ? 1 : 0, east: 111319.5 * Math.cos((lat * Math.PI) / 180), north: 111319.5,
      } });
    }
  }
  Facade.extensionName = "Facade";
  twin.Facade = Facade;

  // Shadows on the ground: the walls and roofs of a layer once more, every point moved along the light down to the ground.
  // All of them are drawn at one depth and only what is nearer is drawn, so that shadows do not add up where they meet.
  const CAST = `\
layout(std140) uniform shadeUniforms {
  float east;
  float north;
  float strength;
} shade;
`;
  const cast = {
    name: "shade", vs: CAST, fs: CAST, uniformTypes: { east: "f32", north: "f32", strength: "f32" },
    inject: {
      "vs:#main-end": `
  float shade_up = props.positions.z + props.elevations;
  gl_Position = project_position_to_clipspace(vec3(props.positions.xy + vec2(shade.east, shade.north) * shade_up, 0.0), props.positions64Low, vec3(0.0), geometry.position);
`,
      "fs:#main-end": "gl_FragDepth = 0.9999998;",
      "fs:DECKGL_FILTER_COLOR": { order: -20, injection: "color = vec4(0.07, 0.09, 0.18, shade.strength);" },
    },
  };

  class Cast extends deck.LayerExtension {
    getShaders() { return { modules: [cast] }; }
    draw() {
      const { east, north, strength } = twin.shadowAt(twin.hour);
      const perDegree = 111319.5;
      const eastPerDegree = perDegree * Math.cos((this.props.coordinateOrigin[1] * Math.PI) / 180);
      this.setShaderModuleProps({ shade: { east: east / eastPerDegree, north: north / perDegree, strength } });
    }
  }
  Cast.extensionName = "Cast";
  twin.Cast = Cast;
})(window.__twin);
