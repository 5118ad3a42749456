/** Gestures on the stage: wheel, drag, pinch, double click and tap, swipe. */

import { judgeSwipe } from "./zoom.js";

const DOUBLE_TAP = 300;
const TAP_WAY = 10;

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {{x: number, y: number}} Point */

/**
 * @typedef {object} Answers
 * @property {(by: 1 | -1) => void} step
 * @property {() => void} close
 * @property {() => void} showDetails
 * @property {() => void} tap
 */

/** @param {Stage} stage @param {Answers} answers @param {HTMLElement[]} covers buttons over the stage, on which a swipe may begin */
export function listenToStage(stage, answers, covers) {
  const { element } = stage;
  const fingers = new Fingers(stage, answers);
  element.addEventListener("wheel", (event) => onWheel(stage, event), { passive: false });
  element.addEventListener("dblclick", (event) => !fingers.isTouch && stage.toggle(pointIn(element, event)));
  element.addEventListener("pointerdown", (event) => fingers.press(event));
  element.addEventListener("pointermove", (event) => fingers.move(event));
  element.addEventListener("pointerup", (event) => fingers.lift(event));
  element.addEventListener("pointercancel", (event) => fingers.cancel(event));
  for (const cover of covers) handOver(cover, fingers);
}

/** Hand a finger that moves away from its button over to the stage. @param {HTMLElement} cover @param {Fingers} fingers */
function handOver(cover, fingers) {
  /** @type {PointerEvent | null} */
  let start = null;
  cover.addEventListener("pointerdown", (event) => { start = event.pointerType === "touch" ? event : null; });
  cover.addEventListener("pointermove", (event) => {
    if (!start || Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < TAP_WAY) return;
    fingers.press(start);
    start = null;
  });
  for (const type of ["pointerup", "pointercancel"]) cover.addEventListener(type, () => { start = null; });
}

/** @param {Stage} stage @param {WheelEvent} event */
function onWheel(stage, event) {
  event.preventDefault();
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
  // A pinch on a touchpad arrives as small steps with the Ctrl key.
  const speed = event.ctrlKey ? 0.01 : 0.002;
  stage.zoomTo(stage.scale * Math.exp(-event.deltaY * lines * speed), pointIn(stage.element, event));
}

/** Follows the pointers that are down: one drags or swipes, two pinch. */
class Fingers {
  isTouch = false;
  /** @type {Map<number, Point>} */
  #down = new Map();
  /** @type {{x: number, y: number, time: number, axis: "x" | "y" | null, isPinch: boolean} | null} */
  #start = null;
  #lastTap = 0;
  #stage;
  #answers;

  /** @param {Stage} stage @param {Answers} answers */
  constructor(stage, answers) {
    this.#stage = stage;
    this.#answers = answers;
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (event.button) return;
    this.isTouch = event.pointerType !== "mouse";
    this.#stage.element.setPointerCapture(event.pointerId);
    this.#stage.element.classList.add("held");
    const point = pointIn(this.#stage.element, event);
    this.#down.set(event.pointerId, point);
    if (this.#down.size === 1) this.#start = { ...point, time: event.timeStamp, axis: null, isPinch: false };
    else if (this.#start) this.#start.isPinch = true;
  }

  /** @param {PointerEvent} event */
  move(event) {
    const before = this.#down.get(event.pointerId);
    if (!before || !this.#start) return;
    const point = pointIn(this.#stage.element, event);
    if (this.#down.size === 2) this.#pinch(event.pointerId, before, point);
    else if (this.#stage.isZoomed) this.#stage.pan(point.x - before.x, point.y - before.y);
    else if (this.isTouch && !this.#start.isPinch) this.#swipe(point);
    this.#down.set(event.pointerId, point);
  }

  /** @param {PointerEvent} event */
  lift(event) {
    const point = this.#down.get(event.pointerId);
    const start = this.#start;
    this.cancel(event);
    if (!point || !start || this.#down.size || start.isPinch || !this.isTouch) return;
    const way = { x: point.x - start.x, y: point.y - start.y };
    if (Math.hypot(way.x, way.y) < TAP_WAY) this.#tap(point, event.timeStamp);
    else if (!this.#stage.isZoomed) this.#judge(start.axis === "y" ? { x: 0, y: way.y } : { x: way.x, y: 0 }, event.timeStamp - start.time);
  }

  /** @param {PointerEvent} event */
  cancel(event) {
    this.#down.delete(event.pointerId);
    if (this.#down.size) return;
    this.#start = null;
    this.#stage.element.classList.remove("held");
    if (event.type === "pointercancel") this.#stage.release();
  }

  /** @param {number} pointerId @param {Point} before @param {Point} point */
  #pinch(pointerId, before, point) {
    const other = [...this.#down].find(([id]) => id !== pointerId)?.[1];
    if (!other) return;
    const ratio = Math.hypot(point.x - other.x, point.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
    const middle = { x: (point.x + other.x) / 2, y: (point.y + other.y) / 2 };
    this.#stage.zoomTo(this.#stage.scale * ratio, middle);
    this.#stage.pan((point.x - before.x) / 2, (point.y - before.y) / 2);
  }

  /** @param {Point} point */
  #swipe(point) {
    if (!this.#start) return;
    const x = point.x - this.#start.x;
    const y = point.y - this.#start.y;
    if (Math.hypot(x, y) > TAP_WAY) this.#start.axis ??= Math.abs(x) > Math.abs(y) ? "x" : "y";
    if (this.#start.axis === "x") this.#stage.follow(x, 0);
    if (this.#start.axis === "y") this.#stage.follow(0, Math.max(y, -60));
  }

  /** @param {Point} way @param {number} time */
  #judge(way, time) {
    const meaning = judgeSwipe(way, time);
    if (meaning === "close") return this.#answers.close();
    if (meaning === "next" || meaning === "previous") return this.#answers.step(meaning === "next" ? 1 : -1);
    this.#stage.release();
    return meaning && this.#answers.showDetails();
  }

  /** @param {Point} point @param {number} time */
  #tap(point, time) {
    const isDouble = time - this.#lastTap < DOUBLE_TAP;
    this.#lastTap = isDouble ? 0 : time;
    this.#stage.release();
    if (isDouble) this.#stage.toggle(point);
    else this.#answers.tap();
  }
}

/** Return the place of an event from the centre of an element. @param {Element} element @param {MouseEvent} event @returns {Point} */
function pointIn(element, { clientX, clientY }) {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
}
