/** The years of an album, as a person writes and reads them. Pure. */

const RANGE = /(?<!\d)([1-9]\d{3})(?!\d)(?:\s*(?:[-–—]|to|bis)\s*([1-9]\d{3})(?!\d))?/g;
const MAX_YEARS = 100;

/**
 * Return the years of a text such as "2019, 2024-2026", each once. Return null if the text has other content.
 * @param {string} text
 */
export function parseYears(text) {
  const rest = text.replace(RANGE, "").replace(/[\s,;]/g, "");
  if (rest) return null;
  const years = [...text.matchAll(RANGE)].flatMap(([, first, last]) => expand(Number(first), Number(last ?? first)));
  return [...new Set(years)].slice(0, MAX_YEARS);
}

/** Return years with their ranges, such as "2019, 2024 to 2026". @param {number[]} years @param {string} to the word between two years */
export function formatYears(years, to) {
  /** @type {[number, number][]} */
  const ranges = [];
  for (const year of [...years].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && year <= last[1] + 1) last[1] = year;
    else ranges.push([year, year]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first} ${to} ${last}`)).join(", ");
}

/** @param {number} first @param {number} last */
function expand(first, last) {
  if (last < first || last - first >= MAX_YEARS) return [first, last];
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
