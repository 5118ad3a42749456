/** Positions of the photos of an album: find room for a photo between its neighbours. Pure. */

const LARGEST = 2 ** 53;
const STEP = 1000;

/**
 * Return the positions to write so that the photo at index `at` stands between its neighbours, or null if more
 * positions have to be known. If neighbours have no room between them, move as few of them as possible.
 * @param {string[]} order the ids of the photos in the new order
 * @param {number} at
 * @param {Map<string, number>} known positions before the move, also of the moved photo
 * @returns {{photoId: string, position: number}[] | null}
 */
export function planMove(order, at, known) {
  for (let size = 1; size <= order.length; size++) {
    for (let start = at - size + 1; start <= at; start++) {
      const end = start + size;
      if (start < 0 || end > order.length) continue;
      const before = start === 0 ? -1 : known.get(order[start - 1]);
      const after = end === order.length ? LARGEST : known.get(order[end]);
      if (before === undefined || after === undefined) continue;
      const positions = spread(before, after, size);
      const isKnown = order.slice(start, end).every((photoId) => known.has(photoId));
      if (positions && isKnown) return order.slice(start, end).map((photoId, index) => ({ photoId, position: positions[index] }));
    }
  }
  return null;
}

/**
 * Return `count` ascending positions between two others, which are excluded, or null without room.
 * @param {number} before
 * @param {number} after
 * @param {number} count
 */
export function spread(before, after, count) {
  if (after - before <= count) return null;
  // New photos get the time as their position, so stay close: a photo that is added later still comes last.
  if (after === LARGEST) return Array.from({ length: count }, (_, at) => before + 1 + at);
  if (before === -1 && after > count * STEP) return Array.from({ length: count }, (_, at) => after - (count - at) * STEP);
  const step = (after - before) / (count + 1);
  return Array.from({ length: count }, (_, at) => before + Math.floor(step * (at + 1)));
}
