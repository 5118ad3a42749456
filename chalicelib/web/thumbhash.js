/** ThumbHash (https://evanw.github.io/thumbhash/): a blurred placeholder of a photo in about 25 bytes. */

const LONG_SIDE = 32;

/** Draw a Base64 placeholder on a canvas. Draw nothing if it is missing or invalid. */
export function paint(canvas, placeholder) {
  canvas.width = canvas.height = 0;
  if (!placeholder) return;
  try {
    const { width, height, pixels } = decode(Uint8Array.from(atob(placeholder), (c) => c.charCodeAt(0)));
    Object.assign(canvas, { width, height });
    canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  } catch {
    // An invalid placeholder is harmless, because the photo replaces it.
  }
}

function decode(hash) {
  const head = hash[0] | (hash[1] << 8) | (hash[2] << 16);
  const more = hash[3] | (hash[4] << 8);
  const alpha = head >> 23;
  const long = alpha ? 5 : 7;
  const short = Math.max(3, more & 7);
  const [across, down] = more >> 15 ? [long, short] : [short, long];

  let nibble = alpha ? 12 : 10;
  const channel = (dc, scale, columns, rows) => {
    const terms = [[0, 0, dc]];
    for (let y = 0; y < rows; y++) {
      for (let x = y ? 0 : 1; x * rows < columns * (rows - y); x++) {
        const value = (hash[nibble >> 1] >> ((nibble & 1) * 4)) & 15;
        nibble++;
        terms.push([x, y, (value / 7.5 - 1) * scale * 2]);
      }
    }
    return terms;
  };
  const light = channel((head & 63) / 63, ((head >> 18) & 31) / 31, across, down);
  const yellow = channel(((head >> 6) & 63) / 31.5 - 1, (((more >> 3) & 63) / 63) * 1.25, 3, 3);
  const red = channel(((head >> 12) & 63) / 31.5 - 1, (((more >> 9) & 63) / 63) * 1.25, 3, 3);
  const opaque = alpha ? channel((hash[5] & 15) / 15, (hash[5] >> 4) / 15, 5, 5) : [[0, 0, 1]];

  const width = Math.round(Math.min(LONG_SIDE, (LONG_SIDE * across) / down));
  const height = Math.round(Math.min(LONG_SIDE, (LONG_SIDE * down) / across));
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const x = (Math.PI / width) * ((i % width) + 0.5);
    const y = (Math.PI / height) * (Math.floor(i / width) + 0.5);
    const at = (terms) => terms.reduce((sum, [cx, cy, value]) => sum + value * Math.cos(x * cx) * Math.cos(y * cy), 0);
    const l = at(light), p = at(yellow), q = at(red);
    const b = l - (2 / 3) * p;
    const r = (3 * l - b + q) / 2;
    pixels.set([r, r - q, b, at(opaque)].map((value) => value * 255), i * 4);
  }
  return { width, height, pixels };
}
