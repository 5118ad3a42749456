/** Justified rows: place photos of any ratio in rows of one width. Pure. */

export const MIN_RATIO = 0.66;
export const MAX_RATIO = 3.2;
const LAST_ROW_STRETCH = 1.25;
const DAY_GAP = 16;

/**
 * @typedef {{width: number, rowHeight: number, gap: number, labelHeight: number}} Frame
 * @typedef {{ratio: number, day: string}} Cell `day` is empty in lists without days
 * @typedef {{index: number, left: number, width: number, label: "" | "above" | "inside", room: number}} Tile `room` is the width that its label may have
 * @typedef {{top: number, height: number, tiles: Tile[]}} Row
 */

/**
 * Place cells in rows. A day may begin within a row. Its label stands above its first tile if the row begins with a
 * new day, and otherwise inside the tile, so that no empty strip is left above the tiles before it.
 * @param {Cell[]} cells
 * @param {Frame} frame
 * @returns {{rows: Row[], height: number}}
 */
export function layOut(cells, frame) {
  /** @type {Row[]} */
  const rows = [];
  let top = 0;
  for (let start = 0; start < cells.length; ) {
    const end = findRowEnd(cells, start, frame);
    const row = buildRow(cells, start, end, frame, top);
    rows.push(row);
    top = row.top + row.height + frame.gap;
    start = end;
  }
  return { rows, height: Math.max(0, top - frame.gap) };
}

/**
 * Return the height of a section that is not loaded, from its number of photos.
 * @param {number} count
 * @param {Frame} frame
 */
export function estimateHeight(count, { width, rowHeight, gap, labelHeight }) {
  const perRow = Math.max(1, width / (rowHeight * 1.4));
  return Math.ceil(count / perRow) * (rowHeight + gap + labelHeight / 2);
}

/** Keep a panorama wide and a tall screenshot small. @param {{width: number, height: number}} photo */
export function clampRatio({ width, height }) {
  const ratio = width / height || 1;
  return Math.min(Math.max(ratio, MIN_RATIO), MAX_RATIO);
}

/** Return the end of the row whose height is nearest to the target, by their quotient. @param {Cell[]} cells @param {number} start @param {Frame} frame */
function findRowEnd(cells, start, frame) {
  let previous = Infinity;
  for (let end = start + 1; end <= cells.length; end++) {
    const height = fitHeight(cells, start, end, frame);
    if (height <= frame.rowHeight) {
      return end > start + 1 && previous * height < frame.rowHeight ** 2 ? end - 1 : end;
    }
    previous = height;
  }
  return cells.length;
}

/** Return the width of all cells in one row of the target height. @param {Cell[]} cells @param {Frame} frame */
export function measureRow(cells, frame) {
  const { ratios, gaps } = sumUp(cells, 0, cells.length, frame);
  return ratios * frame.rowHeight + gaps;
}

/** Return the height at which the cells fill the row. @param {Cell[]} cells @param {number} start @param {number} end @param {Frame} frame */
function fitHeight(cells, start, end, frame) {
  const { ratios, gaps } = sumUp(cells, start, end, frame);
  return Math.max(1, (frame.width - gaps) / ratios);
}

/** @param {Cell[]} cells @param {number} start @param {number} end @param {Frame} frame */
function sumUp(cells, start, end, frame) {
  let ratios = 0;
  let gaps = 0;
  for (let at = start; at < end; at++) {
    ratios += cells[at].ratio;
    if (at > start) gaps += startsDay(cells, at) ? DAY_GAP : frame.gap;
  }
  return { ratios, gaps };
}

/** @param {Cell[]} cells @param {number} start @param {number} end @param {Frame} frame @param {number} top @returns {Row} */
function buildRow(cells, start, end, frame, top) {
  const fitting = fitHeight(cells, start, end, frame);
  const isLast = end === cells.length;
  const height = isLast ? Math.min(fitting, frame.rowHeight * LAST_ROW_STRETCH) : fitting;
  const hasStrip = startsDay(cells, start);
  /** @type {Tile[]} */
  const tiles = [];
  let left = 0;
  for (let index = start; index < end; index++) {
    const isFirstOfDay = startsDay(cells, index);
    if (index > start) left += isFirstOfDay ? DAY_GAP : frame.gap;
    const width = Math.min(cells[index].ratio * height, frame.width - left);
    tiles.push({ index, left, width, label: !isFirstOfDay ? "" : hasStrip ? "above" : "inside", room: frame.width - left });
    left += width;
  }
  const labelled = tiles.filter(({ label }) => label);
  for (const [at, tile] of labelled.entries()) if (labelled[at + 1]) tile.room = labelled[at + 1].left - DAY_GAP - tile.left;
  return { top: top + (hasStrip ? frame.labelHeight : 0), height, tiles };
}

/** @param {Cell[]} cells @param {number} at */
function startsDay(cells, at) {
  return Boolean(cells[at].day) && cells[at].day !== cells[at - 1]?.day;
}
