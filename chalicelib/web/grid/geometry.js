/** The places of all tiles of a grid: its sections, their rows, and the way from tile to tile. Pure. */

import { localTime } from "../core/format.js";
import { clampRatio, estimateHeight, layOut, measureRow } from "./layout.js";

/**
 * @typedef {import("./photo-list.js").Section} Section
 * @typedef {import("./layout.js").Frame} Frame
 * @typedef {import("./layout.js").Row} Row
 * @typedef {{space: Space, rows: Row[], height: number, width: number, days: Map<string, number>}} Placed `width` is less than that of the space if the section is short
 * @typedef {{section: Section, top: number, left: number, width: number, height: number, heading: number, rows: Row[], days: Map<string, number>}} Block
 * @typedef {{photo: Photo, day: string, count: number, label: "" | "above" | "inside", room: number, top: number, left: number, width: number, height: number}} Box
 * @typedef {Frame & {heading: number, hasDays: boolean, rem: number, aside: number}} Space `aside` is the width that other controls have beside the first heading
 */

const SECTION_GAP = 24;
/** A section that fills less of a row is short. Short sections stand side by side. */
const SHORT = 0.75;
/** The usual widths of a letter of a heading, and of the number of photos behind it. */
const LETTER = 0.8;
const COUNT = 6;
const USUAL_RATIO = 1.4;

export class Geometry {
  /** @type {Block[]} */
  blocks = [];
  height = 0;
  /** @type {WeakMap<Photo[], Placed>} */
  #cache = new WeakMap();

  /** Place all sections one below another, and short ones side by side. @param {Section[]} sections @param {Space} space */
  update(sections, space) {
    this.blocks = [];
    this.height = 0;
    for (const section of sections) {
      const heading = section.title ? space.heading : 0;
      const { rows, height, width: own, days } = this.#place(section, space);
      const titleWidth = (section.title.length * LETTER + COUNT) * space.rem;
      const width = own < space.width ? Math.min(Math.max(own, titleWidth), space.width) : own;
      const block = { section, top: 0, left: 0, width, heading, rows, days, height: heading + height };
      const previous = this.blocks.at(-1);
      if (previous && fitsBeside(previous, block, titleWidth, space)) Object.assign(block, { top: previous.top, left: previous.left + previous.width + SECTION_GAP });
      else block.top = previous ? this.height + SECTION_GAP : 0;
      this.height = Math.max(this.height, block.top + block.height);
      this.blocks.push(block);
    }
  }

  /** @param {Section} section @param {Space} space @returns {Placed} */
  #place({ title, items, count }, space) {
    if (!items) return estimate(title, count, space);
    const cached = this.#cache.get(items);
    if (cached?.space === space) return cached;
    const cells = items.map((photo) => ({ ratio: clampRatio(photo), day: space.hasDays ? dayOf(photo) : "" }));
    const width = title ? shorten(measureRow(cells, space), space) : space.width;
    const placed = { space, ...layOut(cells, { ...space, width }), width, days: countDays(cells) };
    this.#cache.set(items, placed);
    return placed;
  }

  /** Return the blocks between two heights. @param {number} from @param {number} to */
  between(from, to) {
    return this.blocks.filter(({ top, height }) => top + height >= from && top <= to);
  }

  /** Return the tiles of a block between two heights of the grid. @param {Block} block @param {number} from @param {number} to @returns {Box[]} */
  boxes({ section, top, heading, rows, days }, from, to) {
    const offset = top + heading;
    const visible = rows.filter((row) => offset + row.top + row.height >= from && offset + row.top <= to);
    return visible.flatMap((row) => row.tiles.map((tile) => toBox(section, row, tile, heading, days)));
  }

  /** Return the place of a photo, with `top` counted from the start of the grid. @param {string} photoId */
  locate(photoId) {
    for (const [blockAt, { section, top, left, heading, rows }] of this.blocks.entries()) {
      const index = section.items?.findIndex((photo) => photo.photoId === photoId) ?? -1;
      if (index < 0) continue;
      const rowAt = rows.findIndex(({ tiles }) => tiles.some((tile) => tile.index === index));
      const tile = rows[rowAt].tiles.find((each) => each.index === index);
      return { blockAt, rowAt, top: top + heading + rows[rowAt].top, height: rows[rowAt].height, centre: left + (tile?.left ?? 0) + (tile?.width ?? 0) / 2 };
    }
    return null;
  }

  /**
   * Return the photo in the row above or below that is nearest to the centre of a photo. Return the number of a
   * section if it has to be loaded first, or null at the end.
   * @param {string} photoId
   * @param {1 | -1} by
   * @returns {Photo | number | null}
   */
  acrossRows(photoId, by) {
    const from = this.locate(photoId);
    if (!from) return null;
    const { rows } = this.blocks[from.blockAt];
    if (rows[from.rowAt + by]) return nearest([this.blocks[from.blockAt]], () => from.rowAt + by, from.centre);
    const next = this.blocks[this.stepBand(from.blockAt, by)];
    if (!next) return null;
    const band = this.blocks.filter(({ top }) => top === next.top);
    const missing = band.find(({ section }) => !section.items);
    if (missing) return this.blocks.indexOf(missing);
    return nearest(band, ({ rows: { length } }) => (by > 0 ? 0 : length - 1), from.centre);
  }

  /** Return the number of the first section below or above those beside a section, or -1. @param {number} at @param {1 | -1} by */
  stepBand(at, by) {
    const { top } = this.blocks[at];
    if (by > 0) return this.blocks.findIndex((block) => block.top > top);
    const above = this.blocks.findLast((block) => block.top < top);
    return above ? this.blocks.findIndex((block) => block.top === above.top) : -1;
  }
}

/** Return the local day of a photo, such as "2026-08-15". @param {Photo} photo */
export function dayOf(photo) {
  return localTime(photo).toISOString().slice(0, 10);
}

/** Return whether a section has room beside another one. @param {Block} previous @param {Block} block @param {number} titleWidth @param {Space} space */
function fitsBeside(previous, block, titleWidth, space) {
  if (previous.width >= space.width || block.width >= space.width) return false;
  const left = previous.left + previous.width + SECTION_GAP;
  return left + block.width <= space.width && (previous.top > 0 || left + titleWidth <= space.width - space.aside);
}

/** Return the width that a section has of its own, or that of the space if it is not short. @param {number} width @param {Space} space */
function shorten(width, space) {
  return width <= space.width * SHORT ? width : space.width;
}

/** Return the likely place of a section that is not loaded. @param {string} title @param {number} count @param {Space} space @returns {Placed} */
function estimate(title, count, space) {
  const width = title ? shorten(count * (space.rowHeight * USUAL_RATIO + space.gap), space) : space.width;
  const height = width < space.width ? space.rowHeight + (space.hasDays ? space.labelHeight : 0) : estimateHeight(count, space);
  return { space, rows: [], height, width, days: new Map() };
}

/** @param {import("./layout.js").Cell[]} cells */
function countDays(cells) {
  /** @type {Map<string, number>} */
  const days = new Map();
  for (const { day } of cells) days.set(day, (days.get(day) ?? 0) + 1);
  return days;
}

/** @param {Section} section @param {Row} row @param {import("./layout.js").Tile} tile @param {number} heading @param {Map<string, number>} days @returns {Box} */
function toBox(section, row, tile, heading, days) {
  const photo = /** @type {Photo[]} */ (section.items)[tile.index];
  const day = tile.label && dayOf(photo);
  return { photo, day, count: days.get(day) ?? 0, label: tile.label, room: tile.room, top: heading + row.top, left: tile.left, width: tile.width, height: row.height };
}

/** Return the photo nearest to a centre in one row of each block. @param {Block[]} band @param {(block: Block) => number} rowOf @param {number} centre @returns {Photo | null} */
function nearest(band, rowOf, centre) {
  const tiles = band.flatMap((block) => (block.rows[rowOf(block)]?.tiles ?? []).map(({ index, left, width }) => ({ photo: /** @type {Photo[]} */ (block.section.items)[index], distance: Math.abs(block.left + left + width / 2 - centre) })));
  return tiles.sort((a, b) => a.distance - b.distance)[0]?.photo ?? null;
}
