/** Copy text to the clipboard. */

/**
 * Copy a text that may come later, and return whether that worked. Call it at once when the user asks for it: some
 * browsers refuse to copy after a wait, unless the wait is in the item of the clipboard.
 * @param {string | Promise<string>} text
 */
export async function copyText(text) {
  const later = Promise.resolve(text);
  try {
    const blob = later.then((value) => new Blob([value], { type: "text/plain" }));
    // If the clipboard refuses the item first, nothing else handles a failure of the text.
    blob.catch(() => undefined);
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    return true;
  } catch {
    return copyWhenReady(later);
  }
}

/** @param {Promise<string>} later */
async function copyWhenReady(later) {
  try {
    await navigator.clipboard.writeText(await later);
    return true;
  } catch {
    return false;
  }
}
