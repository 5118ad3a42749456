/** Styles of parts that the first view does not need. */

/**
 * Load a style file, once. A module that builds such a part awaits it, so that nothing is shown without its styles.
 * @param {string} name
 * @returns {Promise<void>}
 */
export function loadStyle(name) {
  const url = new URL(`../styles/${name}.css`, import.meta.url).href;
  if ([...document.styleSheets].some(({ href }) => href === url)) return Promise.resolve();
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: url });
  document.head.append(link);
  // Without its styles a part is ugly but works.
  return new Promise((resolve) => {
    for (const type of ["load", "error"]) link.addEventListener(type, () => resolve(), { once: true });
  });
}
