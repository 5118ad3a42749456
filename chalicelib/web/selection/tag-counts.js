/** The tags of several photos: how many photos have each, and what a change makes of them. Pure. */

/** @typedef {{tag: string, count: number}} TagCount */
/** True adds a tag to all photos, and false removes it from all. Other tags stay as they are. @typedef {Map<string, boolean>} TagChoices */

/** Letter case makes no difference. @param {string} tag */
function termOf(tag) {
  return tag.normalize("NFKC").toLowerCase();
}

/** Return all tags, those of most photos first. @param {{tags: string[]}[]} photos @returns {TagCount[]} */
export function countTags(photos) {
  /** @type {Map<string, TagCount>} */
  const counts = new Map();
  for (const tag of photos.flatMap(({ tags }) => tags)) {
    const known = counts.get(termOf(tag)) ?? { tag, count: 0 };
    counts.set(termOf(tag), { ...known, count: known.count + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || a.tag.localeCompare(b.tag));
}

/** Return the tags of a photo after a change. A new tag wins over its removal. @param {string[]} tags @param {TagChoices} choices @param {string[]} added */
export function applyChoices(tags, choices, added) {
  const wanted = [...choices].filter(([, isOn]) => isOn).map(([tag]) => tag).concat(added);
  const kept = new Set(wanted.map(termOf));
  const dropped = new Set([...choices].filter(([, isOn]) => !isOn).map(([tag]) => termOf(tag)).filter((term) => !kept.has(term)));
  const result = tags.filter((tag) => !dropped.has(termOf(tag)));
  for (const tag of wanted) if (!result.some((other) => termOf(other) === termOf(tag))) result.push(tag);
  return result;
}
