// The light of the hour: where the sun stands, what it does to colours, and the sky behind the city.
"use strict";
((twin) => {
  const clamp = (v, low = 0, high = 1) => Math.max(low, Math.min(high, v));
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const mix = (a, b, share) => a.map((v, i) => v + (b[i] - v) * share);
  const RAD = Math.PI / 180;

  // Days from 1 January of the run's date; a run without a date is lit as at an equinox, and the page says so.
  const EQUINOX = 79;
  const dayOf = (date) => (date ? Math.round((Date.parse(`${date}T00:00:00Z`) - Date.parse(`${date.slice(0, 4)}-01-01T00:00:00Z`)) / 864e5) : EQUINOX);

  // East, north and up of the direction to the sun: declination and equation of time after Spencer (1971), the clock
  // being that of the nearest whole hour of longitude (Japan: 9).
  twin.sunAt = ({ origin: [lon, lat], clock, date }, t) => {
    const hours = (clock.from_s + t) / 3600;
    const g = (2 * Math.PI * (dayOf(date) + (hours - 12) / 24)) / 365;
    const declination = 0.006918 - 0.399912 * Math.cos(g) + 0.070257 * Math.sin(g) - 0.006758 * Math.cos(2 * g)
      + 0.000907 * Math.sin(2 * g) - 0.002697 * Math.cos(3 * g) + 0.00148 * Math.sin(3 * g);
    const minutes = 229.18 * (0.000075 + 0.001868 * Math.cos(g) - 0.032077 * Math.sin(g) - 0.014615 * Math.cos(2 * g) - 0.040849 * Math.sin(2 * g));
    const angle = (hours + minutes / 60 + (lon - 15 * Math.round(lon / 15)) / 15 - 12) * 15 * RAD;
    const [s, c] = [Math.sin(lat * RAD), Math.cos(lat * RAD)];
    return [
      -Math.cos(declination) * Math.sin(angle),
      Math.sin(declination) * c - Math.cos(declination) * s * Math.cos(angle),
      Math.sin(declination) * s + Math.cos(declination) * c * Math.cos(angle),
    ];
  };

  // 0 by day, 1 at night: from the sun 3 degrees above the horizon to the end of civil twilight, 6 degrees below.
  const nightOf = (up) => clamp((0.052 - up) / 0.157);

  // Everything a picture needs of the hour. `theme` is "hour", or "light" or "dark" for one look at any hour.
  twin.lightAt = (facts, t, theme) => {
    const sun = twin.sunAt(facts, t);
    const night = theme === "light" ? 0 : theme === "dark" ? 1 : nightOf(sun[2]);
    // By day under a fixed look, and by night, light comes from the south.
    const high = theme === "hour" || night ? sun : [sun[0], sun[1], Math.max(sun[2], 0.35)];
    const low = clamp(1 - high[2] / 0.45) * (1 - night);
    return { sun: high, night, low, hours: (facts.clock.from_s + t) / 3600 };
  };

  // Colour of a thing on the ground at this hour.
  twin.tint = (facts, { night, low }, id) => {
    const name = id === "land" ? "ground" : id;
    const { light, dark } = facts.themes;
    const plain = mix(rgb(light[name]), rgb(dark[name]), night);
    return mix(plain, [plain[0], plain[1] * 0.94, plain[2] * 0.86], low).map(Math.round);
  };

  twin.effects = ({ sun, night, low }) => {
    const from = night > 0.5 || sun[2] <= 0.02 ? [0.35, -0.5, 0.8] : [sun[0], sun[1], Math.max(sun[2], 0.12)];
    return [new deck.LightingEffect({
      sky: new deck.AmbientLight({ color: mix(mix([244, 248, 255], [255, 236, 220], low), [170, 186, 225], night), intensity: 1.0 - 0.2 * night }),
      sun: new deck.DirectionalLight({
        color: mix(mix([255, 250, 240], [255, 208, 160], low), [120, 140, 190], night),
        intensity: 0.92 - 0.1 * low - 0.6 * night, direction: from.map((v) => -v),
      }),
    })];
  };

  // Metres east and north by which a shadow moves for each metre of height, and its strength; none when the sun is low.
  twin.shadowAt = ({ sun, night, low }) => {
    if (sun[2] < 0.1 || night > 0.3) return { east: 0, north: 0, strength: 0 };
    return { east: -sun[0] / sun[2], north: -sun[1] / sun[2], strength: (0.34 - 0.12 * low) * Math.min(1, (sun[2] - 0.1) / 0.06) };
  };

  // Zenith, middle and horizon of the sky, for the background behind the map.
  const SKIES = { day: ["#5c97cc", "#a9cbe4", "#dfe8ea"], dusk: ["#43608f", "#c99a86", "#f2c48d"], night: ["#070b14", "#0e1624", "#1c2a3d"] };
  twin.sky = ({ night, low }) => SKIES.day.map((day, i) => {
    const [red, green, blue] = mix(mix(rgb(day), rgb(SKIES.dusk[i]), low), rgb(SKIES.night[i]), night).map(Math.round);
    return `rgb(${red} ${green} ${blue})`;
  });

  // The share of windows with a light behind them: offices until the evening, homes until midnight.
  const LIT = [0.06, 0.04, 0.03, 0.03, 0.05, 0.1, 0.2, 0.3, 0.42, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.52, 0.56, 0.58, 0.52, 0.44, 0.36, 0.26, 0.14, 0.06];
  twin.litShare = (hours) => {
    const h = ((hours % 24) + 24) % 24;
    return LIT[Math.floor(h)] + (h % 1) * (LIT[Math.floor(h) + 1] - LIT[Math.floor(h)]);
  };
})(window.__twin);
