// What stands still: areas with holes, trees, waiting trucks, and the light of the hour.
"use strict";
((twin) => {
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

  twin.areas = (columns, facts, theme) => {
    const { part, start, lon, lat, base_dm: base, top_dm: top, tone } = columns;
    const colors = facts.wall_tones[theme].map(rgb);
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
  twin.standing = (trucks, facts, mesh) => {
    const position = new Float32Array(trucks.length * 3);
    const color = new Uint8Array(trucks.length * 4).fill(255);
    const yaw = new Float32Array(trucks.length);
    trucks.forEach(([lon, lat, angle, part], i) => {
      position.set([lon - facts.origin[0], lat - facts.origin[1], 0], 3 * i);
      color.set(rgb(facts.queue_parts[part].color), 4 * i);
      yaw[i] = angle;
    });
    return { length: trucks.length, yaw, attributes: {
      getPosition: { value: position, size: 3 },
      [mesh ? "getColor" : "getFillColor"]: { value: color, size: 4, normalized: true },
    } };
  };

  // Where the sun stands at an equinox, as the run knows no date: solar time from the clock and the longitude.
  const sun = ({ origin: [lon, lat], clock }, t) => {
    const hours = (clock.from_s + t) / 3600 + (lon - 15 * Math.round(lon / 15)) / 15;
    const angle = ((hours - 12) * Math.PI) / 12;
    const north = (lat * Math.PI) / 180;
    // East, north and up.
    return [-Math.sin(angle), -Math.cos(angle) * Math.sin(north), Math.cos(angle) * Math.cos(north)];
  };

  twin.wallMaterial = { ambient: 0.54, diffuse: 0.52, shininess: 4, specularColor: [10, 10, 10] };

  twin.lights = (facts, t) => {
    const [east, north, up] = sun(facts, t);
    const day = Math.max(0, Math.min(1, (up + 0.1) / 0.5));
    // A low sun is warm; at night the sky alone lights the roofs.
    const warm = Math.round(255 - 60 * (1 - day));
    const from = up > 0.12 ? [east, north, up] : [0.3, -0.5, 0.8];
    return [new deck.LightingEffect({
      sky: new deck.AmbientLight({ color: [255, 252, 246], intensity: 0.9 + 0.3 * day }),
      sun: new deck.DirectionalLight({ color: [255, Math.min(250, warm + 10), warm], intensity: 0.45 + 0.6 * day, direction: from.map((v) => -v) }),
    })];
  };
})(window.__twin);
