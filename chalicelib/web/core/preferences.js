/** Choices that this browser remembers: the theme, the language, and others by name. */

/** The name of the mark that uploads are stored in this browser. */
export const LEFT = "uploads";

/** @param {string} name @returns {string | null} */
export function recall(name) {
  try {
    return localStorage.getItem(`photoshare.${name}`);
  } catch {
    return null; // The browser blocks storage.
  }
}

/** @param {string} name @param {string | null} value null forgets the choice */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(`photoshare.${name}`);
    else localStorage.setItem(`photoshare.${name}`, value);
  } catch {
    // The browser blocks storage. The choice lasts until the page is closed.
  }
}

/** Apply the remembered theme. Without a choice, the device decides. */
export function applyTheme() {
  document.documentElement.dataset.theme = recall("theme") ?? "";
}
