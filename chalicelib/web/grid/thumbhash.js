/** ThumbHash (https://evanw.github.io/thumbhash/): a blurred placeholder of a photo in about 25 bytes. */

const LONG_SIDE = 16;
const BITMAP_HEADER = 54;

/** @typedef {{x: number, y: number, value: number}[]} Terms */
/** @typedef {[red: number, green: number, blue: number]} Colour each from 0 to 1 */

/**
 * Return the mean colour of a placeholder for CSS. Return an empty text if it is missing or invalid.
 * @param {string} placeholder in Base64
 */
export function averageColour(placeholder) {
  try {
    const [a, b, c] = readBytes(placeholder.slice(0, 4));
    const head = a | (b << 8) | (c << 16);
    const colour = toColour((head & 63) / 63, ((head >> 6) & 63) / 31.5 - 1, ((head >> 12) & 63) / 31.5 - 1);
    return placeholder && `rgb(${colour.map((value) => Math.round(limit(value) * 255)).join(" ")})`;
  } catch {
    return "";
  }
}

/**
 * Return a placeholder as a data URL, without transparency. Return an empty text if it is missing or invalid.
 * @param {string} placeholder in Base64
 */
export function toDataUrl(placeholder) {
  try {
    return placeholder && `data:image/bmp;base64,${btoa(String.fromCharCode(...toBitmap(readBytes(placeholder))))}`;
  } catch {
    return ""; // The photo replaces the placeholder anyway.
  }
}

/** @param {string} placeholder */
function readBytes(placeholder) {
  return Uint8Array.from(atob(placeholder), (character) => character.charCodeAt(0));
}

/** Return a file in the BMP format, because it needs no compression. @param {Uint8Array} hash */
function toBitmap(hash) {
  const { channels, across, down } = readChannels(hash);
  const width = Math.round(Math.min(LONG_SIDE, (LONG_SIDE * across) / down));
  const height = Math.round(Math.min(LONG_SIDE, (LONG_SIDE * down) / across));
  const [light, yellow, red] = channels.map((terms) => draw(terms, width, height));
  const file = new Uint8ClampedArray(BITMAP_HEADER + width * height * 4);
  const view = new DataView(file.buffer);
  view.setUint16(0, 0x424d);
  for (const [at, value] of [[2, file.length], [10, BITMAP_HEADER], [14, 40], [18, width], [22, -height]]) view.setInt32(at, value, true);
  for (const [at, value] of [[26, 1], [28, 32]]) view.setUint16(at, value, true);
  for (let at = 0; at < width * height; at++) {
    const [r, g, b] = toColour(light[at], yellow[at], red[at]);
    file.set([b * 255, g * 255, r * 255], BITMAP_HEADER + at * 4);
  }
  return file;
}

/** @param {number} light @param {number} yellow @param {number} red @returns {Colour} */
function toColour(light, yellow, red) {
  const b = light - (2 / 3) * yellow;
  const r = (3 * light - b + red) / 2;
  return [r, r - red, b];
}

/** Return a channel at each pixel. @param {Terms} terms @param {number} width @param {number} height */
function draw(terms, width, height) {
  const columns = cosines(width);
  const rows = cosines(height);
  const pixels = new Float64Array(width * height);
  const across = new Float64Array(7);
  for (let y = 0; y < height; y++) {
    across.fill(0);
    for (const term of terms) across[term.x] += term.value * rows[term.y][y];
    for (let x = 0; x < width; x++) {
      let total = 0;
      for (let k = 0; k < 7; k++) total += across[k] * columns[k][x];
      pixels[y * width + x] = total;
    }
  }
  return pixels;
}

/** @param {number} value */
function limit(value) {
  return Math.min(1, Math.max(0, value));
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
  return { channels: [light, yellow, red], across, down };
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

/** @type {Map<number, Float64Array[]>} */
const cosineTables = new Map();

/** Return the first seven cosines, each at `size` points. @param {number} size */
function cosines(size) {
  let table = cosineTables.get(size);
  if (!table) {
    table = Array.from({ length: 7 }, (_, k) => Float64Array.from({ length: size }, (__, at) => Math.cos((Math.PI / size) * (at + 0.5) * k)));
    cosineTables.set(size, table);
  }
  return table;
}
