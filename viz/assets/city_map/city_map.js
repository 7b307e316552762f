"use strict";
// Draws the pieces of street on a canvas; y grows to the north in the data and to the south on the screen.
const city = JSON.parse(document.getElementById("data").textContent);
const canvas = document.getElementById("map");
const told = document.getElementById("told");
const pen = canvas.getContext("2d");
const shown = {};
let scale = 1, left = 0, top_ = 0, picked = null, waits = false;

function fit() {
  const box = canvas.getBoundingClientRect();
  scale = 0.94 * Math.min(box.width / Math.max(city.size[0], 1), box.height / Math.max(city.size[1], 1));
  left = (box.width - city.size[0] * scale) / 2;
  top_ = (box.height + city.size[1] * scale) / 2;
}
const px = (x) => left + x * scale;
const py = (y) => top_ - y * scale;

function trace(layer, i) {
  for (let v = layer.ptr[i]; v < layer.ptr[i + 1]; v++) {
    const x = px(layer.xy[2 * v]), y = py(layer.xy[2 * v + 1]);
    if (v === layer.ptr[i]) pen.moveTo(x, y); else pen.lineTo(x, y);
  }
}
function lines(layer, colour, width, wanted) {
  const groups = new Map();
  for (let i = 0; i < layer.way.length; i++) {
    if (!wanted(i)) continue;
    const w = width(i);
    if (!groups.has(w)) groups.set(w, []);
    groups.get(w).push(i);
  }
  pen.strokeStyle = colour;
  for (const [w, rows] of groups) {
    pen.lineWidth = w;
    pen.beginPath();
    for (const i of rows) trace(layer, i);
    pen.stroke();
  }
}
function middle(layer, i) {
  const v = (layer.ptr[i] + layer.ptr[i + 1]) >> 1;
  const a = 2 * (v - 1), b = 2 * v;
  return [px((layer.xy[a] + layer.xy[b]) / 2), py((layer.xy[a + 1] + layer.xy[b + 1]) / 2),
    Math.atan2(-(layer.xy[b + 1] - layer.xy[a + 1]), layer.xy[b] - layer.xy[a])];
}
function arrow(x, y, angle, size) {
  pen.save(); pen.translate(x, y); pen.rotate(angle); pen.beginPath();
  pen.moveTo(size, 0); pen.lineTo(-size, -size * 0.7); pen.lineTo(-size, size * 0.7); pen.fill(); pen.restore();
}
function dot(x, y, r) { pen.beginPath(); pen.arc(x, y, r, 0, 7); pen.fill(); }
function banPoints(ban) {
  const out = [];
  for (const link of ban[0]) {
    const i = city.drive.piece[link];
    if (i >= 0) { const m = middle(city.drive, i); out.push([m[0], m[1]]); }
  }
  return out;
}
function draw() {
  waits = false;
  const box = canvas.getBoundingClientRect(), dots = window.devicePixelRatio || 1;
  canvas.width = Math.round(box.width * dots); canvas.height = Math.round(box.height * dots);
  pen.setTransform(dots, 0, 0, dots, 0, 0);
  pen.clearRect(0, 0, box.width, box.height);
  pen.lineJoin = pen.lineCap = "round";
  const near = scale > 0.04;
  const lane = Math.max(0.8, Math.min(30 * scale, 7));
  if (shown.walk) lines(city.walk, "#009e73", () => (near ? 1.2 : 0.6), () => true);
  if (shown.drive) lines(city.drive, "#4a5560", (i) => lane * Math.max(city.drive.lanes[i], 0.5), () => true);
  if (shown.closed) lines(city.drive, "#e69f00", () => Math.max(2, lane), (i) => city.drive.closed[i] > 0);
  if (shown.oneway && near) {
    pen.fillStyle = "#0072b2";
    for (let i = 0; i < city.drive.way.length; i++) if (city.drive.oneway[i]) { const m = middle(city.drive, i); arrow(m[0], m[1], m[2], 5); }
  }
  if (shown.bans) {
    pen.strokeStyle = pen.fillStyle = "#d55e00"; pen.lineWidth = 2; pen.setLineDash([5, 3]);
    for (const ban of city.bans) {
      const points = banPoints(ban);
      pen.beginPath(); points.forEach((p, k) => (k ? pen.lineTo(p[0], p[1]) : pen.moveTo(p[0], p[1]))); pen.stroke();
      if (points.length) dot(points[points.length - 1][0], points[points.length - 1][1], 3);
    }
    pen.setLineDash([]);
  }
  if (shown.lights) { pen.fillStyle = "#cc79a7"; for (const l of city.lights) dot(px(l[0]), py(l[1]), near ? 4 : 2.2); }
  for (const p of city.places) {
    if (p[2] === "entry" ? !shown.entries : !shown.places) continue;
    pen.fillStyle = p[2] === "entry" ? "#56b4e9" : "#8a7b00";
    if (p[2] === "entry") arrow(px(p[0]), py(p[1]), Math.atan2(-(city.size[1] / 2 - p[1]), city.size[0] / 2 - p[0]), 7);
    else dot(px(p[0]), py(p[1]), 2.6);
  }
  if (shown.assumed) {
    pen.setLineDash([4, 4]);
    for (const part of ["walk", "drive"]) if (shown[part]) lines(city[part], "#b3006b", () => 1.4, (i) => Boolean(guessed(city[part].way[i], part)));
    pen.setLineDash([]);
  }
  if (shown.dropped) {
    pen.strokeStyle = "#c00000"; pen.lineWidth = 1.6; pen.beginPath();
    for (const d of city.dropped) if (d.length > 3) cross(px(d[3]), py(d[4]), near ? 4 : 2.5);
    pen.stroke();
  }
  if (picked) { pen.strokeStyle = "#111"; pen.lineWidth = 3; pen.beginPath(); trace(picked[0], picked[1]); pen.stroke(); }
}
const kinds = ["node", "way", "relation"];
const onFoot = /width|pavement|escalator|lift|ferry/;
function cross(x, y, r) { pen.moveTo(x - r, y - r); pen.lineTo(x + r, y + r); pen.moveTo(x - r, y + r); pen.lineTo(x + r, y - r); }
// What is assumed of a way for walking is no guess about its carriageway, and the other way round.
function guessed(way, part) {
  const words = (city.assumed[way] || []).map((w) => city.words[w]).filter((w) => onFoot.test(w) === (part === "walk"));
  return words.join("\n");
}
function later() { if (!waits) { waits = true; requestAnimationFrame(draw); } }

function away(layer, i, x, y) {
  let best = Infinity;
  for (let v = layer.ptr[i]; v + 1 < layer.ptr[i + 1]; v++) {
    const ax = px(layer.xy[2 * v]), ay = py(layer.xy[2 * v + 1]);
    const dx = px(layer.xy[2 * v + 2]) - ax, dy = py(layer.xy[2 * v + 3]) - ay;
    const t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
    best = Math.min(best, Math.hypot(ax + t * dx - x, ay + t * dy - y));
  }
  return best;
}
function tell(x, y) {
  picked = null;
  const said = [];
  for (const l of city.lights) if (shown.lights && Math.hypot(px(l[0]) - x, py(l[1]) - y) < 7) said.push(`lights: node ${l[2]}`);
  for (const p of city.places) {
    const visible = p[2] === "entry" ? shown.entries : shown.places;
    if (visible && Math.hypot(px(p[0]) - x, py(p[1]) - y) < 7) said.push(`${p[2]}: ${p[3]} ${p[4]}`);
  }
  for (const d of city.dropped) {
    if (shown.dropped && d.length > 3 && Math.hypot(px(d[3]) - x, py(d[4]) - y) < 7) said.push(`${kinds[d[0]]} ${d[1]}: ${city.words[d[2]]}`);
  }
  let best = 9;
  for (const part of ["drive", "walk"]) {
    if (!shown[part]) continue;
    const layer = city[part];
    for (let i = 0; i < layer.way.length; i++) {
      const d = away(layer, i, x, y);
      if (d < best - (part === "walk" ? 2 : 0)) { best = d; picked = [layer, i, part]; }
    }
  }
  if (picked) {
    const [layer, i, part] = picked;
    said.push(`${part}: way ${layer.way[i]}`, `${layer.name[i] >= 0 ? layer.names[layer.name[i]] : "–"} · ${city.classes[layer.class[i]]}`,
      `node ${layer.from[i]} → ${layer.to[i]}, ${layer.metres[i]} m`);
    const guess = guessed(layer.way[i], part);
    if (guess) said.push(guess);
    if (part === "drive") {
      said.push(`lanes ${layer.lanes[i]}, ${layer.kmh[i]} km/h${layer.oneway[i] ? ", one-way" : ""}`);
      const closed = city.vehicles.filter((_, k) => (layer.closed[i] >> k) & 1);
      if (closed.length) said.push(`closed to ${closed.join(", ")}`);
      const bans = city.bans.filter((b) => b[0].some((link) => layer.piece[link] === i));
      for (const b of bans) said.push(`banned: ways ${b[0].map((link) => layer.way[layer.piece[link]]).join(" → ")}${b[2] ? "" : " (hours)"}`);
    }
  }
  told.textContent = said.join("\n");
  later();
}
let drag = null;
canvas.addEventListener("pointerdown", (e) => { drag = [e.offsetX, e.offsetY, false]; canvas.setPointerCapture(e.pointerId); });
canvas.addEventListener("pointermove", (e) => {
  if (!drag) return;
  const dx = e.offsetX - drag[0], dy = e.offsetY - drag[1];
  if (drag[2] || Math.hypot(dx, dy) > 4) { left += dx; top_ += dy; drag = [e.offsetX, e.offsetY, true]; later(); }
});
canvas.addEventListener("pointerup", (e) => { if (drag && !drag[2]) tell(e.offsetX, e.offsetY); drag = null; });
canvas.addEventListener("wheel", (e) => {
  e.preventDefault();
  const by = Math.exp(-e.deltaY * 0.0015);
  left = e.offsetX - (e.offsetX - left) * by; top_ = e.offsetY - (e.offsetY - top_) * by; scale *= by;
  later();
}, { passive: false });
for (const box of document.querySelectorAll("input[data-part]")) {
  shown[box.dataset.part] = box.checked;
  box.addEventListener("change", () => { shown[box.dataset.part] = box.checked; later(); });
}
window.addEventListener("resize", later);
fit();
draw();
