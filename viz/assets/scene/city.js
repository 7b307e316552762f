// What stands still: areas with holes, trees, waiting trucks.
"use strict";
((twin) => {
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

  // Layers of filled ground, and those with walls.
  twin.areaLayers = new Set(["land", "blocks", "water", "green", "paved"]);
  twin.walled = new Set(["buildings", "containers"]);

  twin.areas = (columns, facts) => {
    const { part, start, lon, lat, base_dm: base, top_dm: top, tone } = columns;
    const colors = facts.wall_tones.map(rgb);
    const step = facts.degree_step;
    const out = [];
    for (let i = 0; i + 1 < part.length; i++) {
      const polygon = [];
      for (let ring = part[i]; ring < part[i + 1]; ring++) {
        const corners = [];
        for (let v = start[ring]; v < start[ring + 1]; v++) corners.push([lon[v] * step, lat[v] * step, base[i] / 10]);
        polygon.push(corners);
      }
      out.push({ polygon, height: (top[i] - base[i]) / 10, color: colors[tone[i] % colors.length] });
    }
    return out;
  };

  twin.trees = (columns, facts) => {
    const position = new Float32Array(columns.lon.length * 3);
    for (let i = 0; i < columns.lon.length; i++) position.set([columns.lon[i] * facts.degree_step, columns.lat[i] * facts.degree_step, 0], 3 * i);
    return { length: columns.lon.length, attributes: { getPosition: { value: position, size: 3 } } };
  };

  // Trucks that wait, as rows of a layer.
  twin.standing = (trucks, facts, mesh, colors = facts.queue_parts.map((part) => rgb(part.color))) => {
    const position = new Float32Array(trucks.length * 3);
    const color = new Uint8Array(trucks.length * 4).fill(255);
    const yaw = new Float32Array(trucks.length);
    trucks.forEach(([lon, lat, angle, part], i) => {
      position.set([lon - facts.origin[0], lat - facts.origin[1], 0], 3 * i);
      color.set(colors[part % colors.length], 4 * i);
      yaw[i] = angle;
    });
    return { length: trucks.length, yaw, attributes: {
      getPosition: { value: position, size: 3 },
      [mesh ? "getColor" : "getFillColor"]: { value: color, size: 4, normalized: true },
    } };
  };

  twin.wallMaterial = { ambient: 0.54, diffuse: 0.52, shininess: 4, specularColor: [10, 10, 10] };
})(window.__twin);
