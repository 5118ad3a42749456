/** The scrubber of the timeline: years spaced by their number of photos, and the month that is shown. */

import { fill, h } from "../core/dom.js";
import { formatShortMonth } from "../core/format.js";
import { t } from "../core/texts.js";
import { chooseMarks } from "./scrubber-marks.js";

const FADE = 1_200;
const PHONE = matchMedia("(max-width: 760px)");

/** @typedef {import("./photo-grid.js").PhotoGrid} PhotoGrid */

/** Build the scrubber of a grid with one section for each month. @param {PhotoGrid} grid */
export function buildScrubber(grid) {
  const marks = h("div", { class: "scrubber-marks", ariaHidden: "true" });
  const pill = h("output", { class: "scrubber-pill" });
  const slider = h("div", { class: "scrubber", role: "slider", tabIndex: 0, ariaLabel: t("scrubber"), ariaOrientation: "vertical", ariaValueMin: "0" }, marks, pill);
  grid.element.addEventListener("render", () => showMonth(grid, { slider, marks, pill }));
  slider.addEventListener("pointerdown", (event) => {
    slider.setPointerCapture(event.pointerId);
    jump(grid, slider, event.clientY);
  });
  slider.addEventListener("pointermove", (event) => event.buttons && jump(grid, slider, event.clientY));
  slider.addEventListener("keydown", (event) => step(grid, event));
  wakeOnScroll(grid, slider);
  return slider;
}

/** @param {PhotoGrid} grid @param {{slider: HTMLElement, marks: HTMLElement, pill: HTMLElement}} parts */
function showMonth(grid, { slider, marks, pill }) {
  const { blocks, height } = grid.geometry;
  slider.hidden = blocks.length < 2;
  if (slider.hidden || !height) return;
  fill(marks, chooseMarks(blocks, height, slider.clientHeight).map(buildMark));
  const at = grid.firstVisible;
  const month = new Date(`${blocks[at].section.key}-01T00:00:00Z`);
  pill.textContent = slider.matches(":active") || PHONE.matches ? `${formatShortMonth(month)} ${month.getUTCFullYear()}` : formatShortMonth(month);
  pill.style.top = `${(blocks[at].top / height) * 100}%`;
  Object.assign(slider, { ariaValueMax: String(blocks.length - 1), ariaValueNow: String(at), ariaValueText: blocks[at].section.title });
}

/** On phones, the pill is shown only while the page scrolls. @param {PhotoGrid} grid @param {HTMLElement} slider */
function wakeOnScroll(grid, slider) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let last = scrollY;
  grid.element.addEventListener("render", () => {
    if (scrollY === last) return;
    last = scrollY;
    slider.classList.add("awake");
    clearTimeout(timer);
    timer = setTimeout(() => slider.classList.remove("awake"), FADE);
  });
}

/** Show the month at a height of the scrubber. @param {PhotoGrid} grid @param {HTMLElement} slider @param {number} y */
function jump(grid, slider, y) {
  const { top, height } = slider.getBoundingClientRect();
  const wanted = (Math.min(Math.max(0, y - top), height) / height) * grid.geometry.height;
  grid.showSection(Math.max(0, grid.geometry.blocks.findLastIndex((block) => block.top <= wanted)));
}

/** @param {PhotoGrid} grid @param {KeyboardEvent} event */
function step(grid, event) {
  const last = grid.geometry.blocks.length - 1;
  const at = grid.firstVisible;
  const below = grid.geometry.stepBand(at, 1);
  const [next, previous] = [below < 0 ? last : below, grid.geometry.stepBand(at, -1)];
  const to = { ArrowDown: next, ArrowRight: next, ArrowUp: previous, ArrowLeft: previous, PageDown: at + 12, PageUp: at - 12, Home: 0, End: last }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  grid.showSection(Math.min(Math.max(0, to), last));
}

/** @param {import("./scrubber-marks.js").Mark} mark */
function buildMark({ year, share }) {
  const mark = h("span", { class: year ? "year" : "month" }, year);
  mark.style.top = `${share * 100}%`;
  return mark;
}
