/** The picture of a photo in layers: a blurred placeholder, the tile's picture, a large rendition, all pixels. */

import { fill, h } from "../core/dom.js";
import { nameOf } from "../core/photos.js";
import { toDataUrl } from "../grid/thumbhash.js";
import { findTilePicture } from "./motion.js";
import { findFullSize, refetch } from "./sources.js";

const ATTEMPTS = 3;
const PAUSE = 1_000;

/** Dispatches "load" and "fail" for the large rendition. */
export class Pictures extends EventTarget {
  /** @type {Photo | null} */
  #photo = null;
  /** @type {import("./sources.js").GridList | null} */
  #list = null;
  #attempt = 0;
  /** @type {"none" | "loading" | "shown"} */
  #full = "none";
  #frame;

  /** @param {HTMLElement} frame */
  constructor(frame) {
    super();
    this.#frame = frame;
  }

  /** The address of the best picture that is shown, or "". */
  get url() {
    const images = /** @type {NodeListOf<HTMLImageElement>} */ (this.#frame.querySelectorAll("img.loaded"));
    return [...images].at(-1)?.currentSrc ?? "";
  }

  /** @param {Photo} photo @param {import("./sources.js").GridList | null} list */
  show(photo, list) {
    this.#photo = photo;
    this.#list = list;
    this.#attempt = 0;
    this.#full = "none";
    const small = findTilePicture(photo.photoId)?.currentSrc || photo.renditions["256"];
    const placeholder = photo.placeholder && toDataUrl(photo.placeholder);
    this.#frame.style.backgroundImage = placeholder ? `url(${placeholder})` : "";
    fill(this.#frame, small && h("img", { class: "loaded", src: small, alt: "", draggable: false }));
    this.#load(photo);
  }

  clear() {
    this.#photo = null;
    this.#frame.style.backgroundImage = "";
    fill(this.#frame);
  }

  /** Load the rendition again with a fresh signed URL. */
  retry() {
    this.#attempt = 0;
    void this.#refresh();
  }

  /** Load all pixels, once. The rendition stays below until they are there. */
  async sharpen() {
    const photo = this.#photo;
    if (!photo || this.#full !== "none") return;
    this.#full = "loading";
    const found = await findFullSize(this.#list, photo).catch(() => null);
    const image = found && h("img", { class: "full", src: found.url, alt: "", draggable: false });
    const isDecoded = image && (await image.decode().then(() => true, () => false));
    if (photo !== this.#photo || !isDecoded) return;
    const turn = found.isOriginal ? photo.rotation : 0;
    image.classList.add("loaded", `turn-${turn}`);
    image.dataset.turn = String(turn);
    this.#frame.append(image);
    this.#full = "shown";
    this.dispatchEvent(new Event("sharpen"));
  }

  /** @param {Photo} photo */
  #load(photo) {
    const url = largestOf(photo);
    if (!url) return;
    const image = h("img", { src: url, alt: nameOf(photo), draggable: false });
    image.addEventListener("load", () => {
      image.classList.add("loaded");
      for (const other of [...this.#frame.children]) if (other !== image && !other.classList.contains("full")) other.remove();
      this.#frame.style.backgroundImage = "";
      if (photo.photoId === this.#photo?.photoId) this.dispatchEvent(new Event("load"));
    });
    image.addEventListener("error", () => {
      image.remove();
      if (photo.photoId === this.#photo?.photoId) void this.#refresh();
    });
    this.#frame.append(image);
  }

  /** The URL may have expired or the network may be down. Wait a little longer each time. */
  async #refresh() {
    const photo = this.#photo;
    if (!photo) return;
    if (this.#attempt >= ATTEMPTS) {
      this.dispatchEvent(new Event("fail"));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, this.#attempt ? PAUSE * 2 ** this.#attempt : 0));
    this.#attempt++;
    const fresh = await refetch(this.#list, photo.photoId).catch(() => null);
    if (photo !== this.#photo) return;
    if (fresh) this.#load(fresh);
    else await this.#refresh();
  }
}

/** Pictures that may be shown next. The browser drops a request if nothing holds its image. @type {HTMLImageElement[]} */
const preloaded = [];

/** @param {(Photo | null)[]} photos */
export function preload(photos) {
  const urls = photos.flatMap((photo) => (photo && largestOf(photo)) ?? []);
  preloaded.splice(0, preloaded.length, ...urls.map((url) => h("img", { src: url })));
}

/** @param {Photo} photo @returns {string | undefined} */
export function largestOf({ renditions }) {
  return renditions["2048"] ?? renditions["1024"] ?? renditions["256"];
}
