// Small meshes, made of boxes and prisms: x is forward, z is up, all in metres. White takes the colour of the thing's
// state; darker corners are windows, wheels and shadowed parts.
"use strict";
((twin) => {
  const mesh = () => ({ positions: [], normals: [], colors: [] });
  const face = (out, corners, shade) => {
    const [a, b, c] = corners;
    const [u, v] = [[0, 1, 2].map((k) => b[k] - a[k]), [0, 1, 2].map((k) => c[k] - a[k])];
    const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    const length = Math.hypot(...n) || 1;
    for (let i = 1; i + 1 < corners.length; i++) {
      for (const corner of [corners[0], corners[i], corners[i + 1]]) {
        out.positions.push(...corner);
        out.normals.push(...n.map((value) => value / length));
        out.colors.push(...shade);
      }
    }
  };
  // A prism between two rectangles, lower and upper, each [x0, x1, y0, y1].
  const taper = (out, low, [x0, x1, y0, y1], high, [u0, u1, v0, v1], shade) => {
    const a = [[x0, y0, low], [x1, y0, low], [x1, y1, low], [x0, y1, low]];
    const b = [[u0, v0, high], [u1, v0, high], [u1, v1, high], [u0, v1, high]];
    for (let i = 0; i < 4; i++) face(out, [a[i], a[(i + 1) % 4], b[(i + 1) % 4], b[i]], shade);
    face(out, b, shade);
  };
  const block = (out, x0, x1, half, low, high, shade) => taper(out, low, [x0, x1, -half, half], high, [x0, x1, -half, half], shade);
  const wheels = (out, at, half) => {
    for (const x of at) for (const y of [-half, half - 0.25]) taper(out, 0, [x - 0.45, x + 0.45, y, y + 0.25], 0.8, [x - 0.45, x + 0.45, y, y + 0.25], DARK);
  };
  const WHITE = [1, 1, 1];
  const GLASS = [0.22, 0.26, 0.32];
  const DARK = [0.12, 0.12, 0.13];
  const GREY = [0.45, 0.46, 0.48];
  const done = (out) => ({ attributes: {
    POSITION: { value: new Float32Array(out.positions), size: 3 },
    NORMAL: { value: new Float32Array(out.normals), size: 3 },
    COLOR_0: { value: new Float32Array(out.colors), size: 3 },
    colors: { value: new Float32Array(out.colors), size: 3 },
  } });

  const van = mesh();
  wheels(van, [-1.7, 1.7], 0.95);
  block(van, -2.7, 2.7, 0.95, 0.35, 1.15, WHITE);
  taper(van, 1.15, [-2.7, 2.6, -0.95, 0.95], 1.85, [-2.65, 1.8, -0.9, 0.9], GLASS);
  taper(van, 1.85, [-2.65, 1.8, -0.9, 0.9], 2.3, [-2.5, 1.5, -0.8, 0.8], WHITE);

  const car = mesh();
  wheels(car, [-1.3, 1.35], 0.9);
  block(car, -2.2, 2.2, 0.9, 0.3, 0.85, WHITE);
  taper(car, 0.85, [-2, 1.1, -0.85, 0.85], 1.3, [-1.5, 0.4, -0.72, 0.72], GLASS);
  taper(car, 1.3, [-1.5, 0.4, -0.72, 0.72], 1.5, [-1.3, 0.2, -0.66, 0.66], WHITE);

  const bus = mesh();
  wheels(bus, [-3, 3.2], 1.25);
  block(bus, -5.25, 5.25, 1.25, 0.35, 1.35, WHITE);
  block(bus, -5.2, 5.2, 1.22, 1.35, 2.35, GLASS);
  block(bus, -5.25, 5.25, 1.25, 2.35, 3, WHITE);

  // A tractor with a forty-foot box; the box bears the colour, as it is what is booked.
  const truck = mesh();
  wheels(truck, [-6.4, -5.1, 3.2, 6.6], 1.25);
  block(truck, -8, 4.6, 1.1, 0.8, 1.25, GREY);
  block(truck, -7.9, 4.3, 1.22, 1.3, 3.85, WHITE);
  block(truck, 5, 8, 1.2, 0.5, 1.9, WHITE);
  taper(truck, 1.9, [5, 7.95, -1.2, 1.2], 2.9, [5, 7.6, -1.15, 1.15], GLASS);
  block(truck, 5, 7.5, 1.1, 2.9, 3.2, WHITE);

  // The same without a box: the frame of the trailer shows, the cab bears the colour.
  const bare = mesh();
  wheels(bare, [-6.4, -5.1, 3.2, 6.6], 1.25);
  block(bare, -8, 4.6, 0.5, 0.8, 1.2, GREY);
  for (const x of [-7.6, -3.6, 0.4, 4.2]) block(bare, x - 0.15, x + 0.15, 1.2, 1.1, 1.3, DARK);
  block(bare, 5, 8, 1.2, 0.5, 1.9, WHITE);
  taper(bare, 1.9, [5, 7.95, -1.2, 1.2], 2.9, [5, 7.6, -1.15, 1.15], GLASS);
  block(bare, 5, 7.5, 1.1, 2.9, 3.2, WHITE);

  // The outline of a person: legs, coat, head.
  const person = mesh();
  taper(person, 0, [-0.12, 0.12, -0.16, 0.16], 0.85, [-0.14, 0.14, -0.2, 0.2], [0.28, 0.29, 0.34]);
  taper(person, 0.8, [-0.15, 0.15, -0.22, 0.22], 1.45, [-0.13, 0.13, -0.26, 0.26], WHITE);
  taper(person, 1.47, [-0.1, 0.1, -0.09, 0.09], 1.6, [-0.12, 0.12, -0.11, 0.11], [0.87, 0.72, 0.6]);
  taper(person, 1.6, [-0.12, 0.12, -0.11, 0.11], 1.74, [-0.07, 0.07, -0.07, 0.07], [0.2, 0.16, 0.14]);

  const tree = mesh();
  block(tree, -0.2, 0.2, 0.2, 0, 3.2, [0.5, 0.4, 0.32]);
  taper(tree, 2.8, [-1.1, 1.1, -1.1, 1.1], 6, [-2.3, 2.3, -2.3, 2.3], [0.82, 0.88, 0.8]);
  taper(tree, 6, [-2.3, 2.3, -2.3, 2.3], 11.5, [-0.3, 0.3, -0.3, 0.3], WHITE);

  twin.meshes = { van: done(van), car: done(car), bus: done(bus), truck: done(truck), bare: done(bare), person: done(person), tree: done(tree) };

  twin.boxMesh = ([length, width, height]) => {
    const out = mesh();
    block(out, -length / 2, length / 2, width / 2, 0, height, WHITE);
    return done(out);
  };
})(window.__twin);
