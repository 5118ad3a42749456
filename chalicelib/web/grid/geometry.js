/** The places of all tiles of a grid: its sections, their rows, and the way from tile to tile. Pure. */

import { localTime } from "../core/format.js";
import { clampRatio, estimateHeight, layOut } from "./layout.js";

/**
 * @typedef {import("./photo-list.js").Section} Section
 * @typedef {import("./layout.js").Frame} Frame
 * @typedef {{section: Section, top: number, height: number, heading: number, rows: import("./layout.js").Row[]}} Block
 * @typedef {{photo: Photo, day: string, label: "" | "above" | "inside", top: number, left: number, width: number, height: number}} Box
 * @typedef {Frame & {heading: number, hasDays: boolean}} Space
 */

const SECTION_GAP = 24;

export class Geometry {
  /** @type {Block[]} */
  blocks = [];
  height = 0;
  /** @type {WeakMap<Photo[], {space: Space, rows: import("./layout.js").Row[], height: number}>} */
  #cache = new WeakMap();

  /** Place all sections one below another. @param {Section[]} sections @param {Space} space */
  update(sections, space) {
    let top = 0;
    this.blocks = sections.map((section) => {
      const heading = section.title ? space.heading : 0;
      const { rows, height } = this.#place(section, space);
      const block = { section, top, heading, rows, height: heading + height };
      top += block.height + SECTION_GAP;
      return block;
    });
    this.height = Math.max(0, top - SECTION_GAP);
  }

  /** @param {Section} section @param {Space} space */
  #place({ items, count }, space) {
    if (!items) return { rows: [], height: estimateHeight(count, space) };
    const cached = this.#cache.get(items);
    if (cached?.space === space) return cached;
    const cells = items.map((photo) => ({ ratio: clampRatio(photo), day: space.hasDays ? dayOf(photo) : "" }));
    const placed = { space, ...layOut(cells, space) };
    this.#cache.set(items, placed);
    return placed;
  }

  /** Return the blocks between two heights. @param {number} from @param {number} to */
  between(from, to) {
    return this.blocks.filter(({ top, height }) => top + height >= from && top <= to);
  }

  /** Return the tiles of a block between two heights of the grid. @param {Block} block @param {number} from @param {number} to @returns {Box[]} */
  boxes({ section, top, heading, rows }, from, to) {
    const offset = top + heading;
    const visible = rows.filter((row) => offset + row.top + row.height >= from && offset + row.top <= to);
    return visible.flatMap((row) => row.tiles.map((tile) => toBox(section, row, tile, heading)));
  }

  /** Return the place of a photo, with `top` counted from the start of the grid. @param {string} photoId */
  locate(photoId) {
    for (const [blockAt, { section, top, heading, rows }] of this.blocks.entries()) {
      const index = section.items?.findIndex((photo) => photo.photoId === photoId) ?? -1;
      if (index < 0) continue;
      const rowAt = rows.findIndex(({ tiles }) => tiles.some((tile) => tile.index === index));
      const tile = rows[rowAt].tiles.find((each) => each.index === index);
      return { blockAt, rowAt, top: top + heading + rows[rowAt].top, height: rows[rowAt].height, centre: (tile?.left ?? 0) + (tile?.width ?? 0) / 2 };
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
    if (rows[from.rowAt + by]) return nearest(this.blocks[from.blockAt], from.rowAt + by, from.centre);
    const next = this.blocks[from.blockAt + by];
    if (!next) return null;
    if (!next.section.items) return from.blockAt + by;
    return next.rows.length ? nearest(next, by > 0 ? 0 : next.rows.length - 1, from.centre) : null;
  }
}

/** Return the local day of a photo, such as "2026-08-15". @param {Photo} photo */
export function dayOf(photo) {
  return localTime(photo).toISOString().slice(0, 10);
}

/** @param {Section} section @param {import("./layout.js").Row} row @param {import("./layout.js").Tile} tile @param {number} heading @returns {Box} */
function toBox(section, row, tile, heading) {
  const photo = /** @type {Photo[]} */ (section.items)[tile.index];
  return { photo, day: tile.label && dayOf(photo), label: tile.label, top: heading + row.top, left: tile.left, width: tile.width, height: row.height };
}

/** @param {Block} block @param {number} rowAt @param {number} centre */
function nearest({ section, rows }, rowAt, centre) {
  const distances = rows[rowAt].tiles.map(({ left, width }) => Math.abs(left + width / 2 - centre));
  const best = rows[rowAt].tiles[distances.indexOf(Math.min(...distances))];
  return /** @type {Photo[]} */ (section.items)[best.index];
}
