// Packs back into columns: base64, gzip, then sums of 32-bit differences (see viz/packs.py).
"use strict";
((twin) => {
  const bytesOf = (text) => {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const raw = atob(text);
    const bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    return bytes;
  };

  twin.unpack = async (pack) => {
    const stream = new Blob([bytesOf(pack.data)]).stream().pipeThrough(new DecompressionStream("gzip"));
    const all = new Int32Array(await new Response(stream).arrayBuffer());
    const columns = {};
    let start = 0;
    for (const [name, length] of pack.columns) {
      const column = all.subarray(start, start + length);
      for (let i = 1; i < length; i++) column[i] = (column[i] + column[i - 1]) | 0;
      columns[name] = column;
      start += length;
    }
    return columns;
  };

  // Offsets from the origin in degrees, as x, y pairs.
  twin.pairs = (columns, step) => {
    const xy = new Float32Array(columns.lon.length * 2);
    for (let i = 0; i < columns.lon.length; i++) {
      xy[2 * i] = columns.lon[i] * step;
      xy[2 * i + 1] = columns.lat[i] * step;
    }
    return xy;
  };
})(window.__twin);
