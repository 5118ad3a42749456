/** ThumbHash (https://evanw.github.io/thumbhash/): a blurred placeholder of a photo in about 25 bytes. */

const LONG_SIDE = 16;
const canvas = document.createElement("canvas");
const context = canvas.getContext("2d");

/**
 * Return a placeholder as a data URL. Return an empty text if it is missing or invalid.
 * @param {string} placeholder in Base64
 */
export function toDataUrl(placeholder) {
  if (!placeholder || !context) return "";
  try {
    const { width, height, pixels } = decode(Uint8Array.from(atob(placeholder), (c) => c.charCodeAt(0)));
    Object.assign(canvas, { width, height });
    context.putImageData(new ImageData(pixels, width, height), 0, 0);
    return canvas.toDataURL();
  } catch {
    return ""; // The photo replaces the placeholder anyway.
  }
}

/** @typedef {{x: number, y: number, value: number}[]} Terms */

/** @param {Uint8Array} hash */
function decode(hash) {
  const { channels, across, down } = readChannels(hash);
  const width = Math.round(Math.min(LONG_SIDE, (LONG_SIDE * across) / down));
  const height = Math.round(Math.min(LONG_SIDE, (LONG_SIDE * down) / across));
  const columns = cosines(width);
  const rows = cosines(height);
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const [l, p, q, a] = channels.map((terms) => sum(terms, columns[i % width], rows[Math.floor(i / width)]));
    const b = l - (2 / 3) * p;
    const r = (3 * l - b + q) / 2;
    pixels.set([r * 255, (r - q) * 255, b * 255, a * 255], i * 4);
  }
  return { width, height, pixels };
}

/** @param {Uint8Array} hash */
function readChannels(hash) {
  const head = hash[0] | (hash[1] << 8) | (hash[2] << 16);
  const more = hash[3] | (hash[4] << 8);
  const hasAlpha = head >> 23;
  const long = hasAlpha ? 5 : 7;
  const short = Math.max(3, more & 7);
  const [across, down] = more >> 15 ? [long, short] : [short, long];
  const nibbles = { hash, at: hasAlpha ? 12 : 10 };
  const light = readTerms(nibbles, (head & 63) / 63, ((head >> 18) & 31) / 31, across, down);
  const yellow = readTerms(nibbles, ((head >> 6) & 63) / 31.5 - 1, (((more >> 3) & 63) / 63) * 1.25, 3, 3);
  const red = readTerms(nibbles, ((head >> 12) & 63) / 31.5 - 1, (((more >> 9) & 63) / 63) * 1.25, 3, 3);
  const alpha = hasAlpha ? readTerms(nibbles, (hash[5] & 15) / 15, (hash[5] >> 4) / 15, 5, 5) : [{ x: 0, y: 0, value: 1 }];
  return { channels: [light, yellow, red, alpha], across, down };
}

/**
 * @param {{hash: Uint8Array, at: number}} nibbles
 * @param {number} constant
 * @param {number} scale
 * @param {number} columns
 * @param {number} rows
 * @returns {Terms}
 */
function readTerms(nibbles, constant, scale, columns, rows) {
  const terms = [{ x: 0, y: 0, value: constant }];
  for (let y = 0; y < rows; y++) {
    for (let x = y ? 0 : 1; x * rows < columns * (rows - y); x++) {
      const value = (nibbles.hash[nibbles.at >> 1] >> ((nibbles.at & 1) * 4)) & 15;
      nibbles.at++;
      terms.push({ x, y, value: (value / 7.5 - 1) * scale * 2 });
    }
  }
  return terms;
}

/** Return the first seven cosines at each of `size` points. @param {number} size */
function cosines(size) {
  return Array.from({ length: size }, (_, at) => Array.from({ length: 7 }, (_, k) => Math.cos((Math.PI / size) * (at + 0.5) * k)));
}

/** @param {Terms} terms @param {number[]} column @param {number[]} row */
function sum(terms, column, row) {
  let total = 0;
  for (const { x, y, value } of terms) total += value * column[x] * row[y];
  return total;
}
