/** The way to joining or signing in, and back to the page that was shown. */

import { h } from "./dom.js";
import { base } from "./http.js";
import { currentPath, href } from "./router.js";

/** The address of a share link is a secret, so the tab keeps the way back, and not an address that is sent or logged. */
const SECRET = /^s\//;
const KEY = "photoshare.back";

/** @typedef {"join" | "sign-in"} Door */

/** Return the path of a door that leads back to this page. @param {Door} door */
export function wayTo(door) {
  const here = location.pathname + location.search;
  if (SECRET.test(currentPath())) return keep(here) ? `${door}?back=tab` : door;
  // After joining at the start page, the library is the better page.
  return here === base.pathname ? door : `${door}?${new URLSearchParams({ returnTo: here })}`;
}

/**
 * Build a link to a door. Its address is set again when it is used, because the page may have changed until then.
 * @param {Door} door
 * @param {string} label
 * @param {Record<string, unknown>} [props]
 */
export function buildWayTo(door, label, props = {}) {
  const link = h("a", { ...props, href: href(wayTo(door)) }, label);
  for (const type of ["pointerdown", "focus", "click"]) link.addEventListener(type, () => { link.href = href(wayTo(door)); });
  return link;
}

/** Return the address that the tab has kept, or "". */
export function recallBack() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // The browser blocks storage.
  }
}

/** Return whether the tab keeps the address. @param {string} address */
function keep(address) {
  try {
    sessionStorage.setItem(KEY, address);
    return true;
  } catch {
    return false;
  }
}
