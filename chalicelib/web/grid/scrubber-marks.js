/** The marks of the scrubber: the number of each year that has room, and a dash for each other month. Pure. */

const YEAR_HEIGHT = 16;
const MIN_YEAR_DISTANCE = 28;

/** @typedef {{year: string, share: number}} Mark `year` is empty for a dash, and `share` is the position from 0 to 1 */

/** @param {{section: {key: string}, top: number}[]} blocks one for each month @param {number} height of all blocks @param {number} pixels the height of the scrubber @returns {Mark[]} */
export function chooseMarks(blocks, height, pixels) {
  /** @type {Mark[]} */
  const marks = [];
  let lastYear = "";
  for (const { section, top } of blocks) {
    const year = section.key.slice(0, 4);
    const share = top / height;
    const isFree = (/** @type {Mark | undefined} */ mark, /** @type {number} */ room) => !mark || (share - mark.share) * pixels >= room;
    if (year !== lastYear && isFree(marks.findLast((mark) => mark.year), MIN_YEAR_DISTANCE)) {
      // Remove the dashes that would cross the number of the year.
      while (!isFree(marks.at(-1), YEAR_HEIGHT)) marks.pop();
      marks.push({ year, share });
      lastYear = year;
    } else if (isFree(marks.findLast((mark) => mark.year), YEAR_HEIGHT)) marks.push({ year: "", share });
  }
  return marks;
}
