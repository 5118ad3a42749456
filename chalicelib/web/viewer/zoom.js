/** The geometry of the viewer: zoom, pan and swipes. Nothing here touches the page. */

/** @typedef {{width: number, height: number}} Size */
/** `scale` is CSS pixels per pixel of the photo. `x` and `y` are the way from the stage's centre to the photo's centre. @typedef {{scale: number, x: number, y: number}} Zoom */
/** @typedef {{x: number, y: number}} Point */

/** The longer side of the largest rendition that every photo has. */
export const LARGEST_RENDITION = 2048;
const STEP = 1.5;
const NEARLY = 1.02;
const SWIPE = 60;
const FLICK = 0.4;

/** Return the scale at which the whole photo is seen. Small photos are not enlarged. @param {Size} photo @param {Size} stage */
export function fitScale(photo, stage) {
  return Math.min(1, stage.width / photo.width, stage.height / photo.height);
}

/** Return the largest scale: four device pixels for each pixel of the photo. @param {Size} photo @param {Size} stage @param {number} density */
export function maxScale(photo, stage, density) {
  return Math.max(4 / density, 2 * fitScale(photo, stage));
}

/**
 * Return the zoom with its scale between the limits, and without an empty strip between photo and stage.
 * @param {Zoom} zoom @param {Size} photo @param {Size} stage @param {number} density
 * @returns {Zoom}
 */
export function clampZoom({ scale, x, y }, photo, stage, density) {
  const held = Math.min(maxScale(photo, stage, density), Math.max(fitScale(photo, stage), scale));
  const roomX = Math.max(0, (photo.width * held - stage.width) / 2);
  const roomY = Math.max(0, (photo.height * held - stage.height) / 2);
  return { scale: held, x: between(-roomX, x, roomX), y: between(-roomY, y, roomY) };
}

/** Return the zoom with another scale. The place of the photo under `point` stays there. @param {Zoom} zoom @param {number} scale @param {Point} point from the stage's centre */
export function zoomAt(zoom, scale, point) {
  const ratio = scale / zoom.scale;
  return { scale, x: point.x - (point.x - zoom.x) * ratio, y: point.y - (point.y - zoom.y) * ratio };
}

/**
 * Return the scale one step closer or further. A step stops at 100 %, if it would jump over that.
 * @param {number} scale @param {1 | -1} by @param {number} density
 */
export function stepScale(scale, by, density) {
  const next = by > 0 ? scale * STEP : scale / STEP;
  const whole = 1 / density;
  const jumps = by > 0 ? scale * NEARLY < whole && next > whole : scale > whole * NEARLY && next < whole;
  return jumps ? whole : next;
}

/** Return the scale after a double click at fit: 100 %, or twice the fit if 100 % is hardly more than fit. @param {number} fit @param {number} density */
export function closeUpScale(fit, density) {
  const whole = 1 / density;
  return whole > fit * 1.3 ? whole : fit * 2;
}

/** Return whether the stage shows more pixels than the largest rendition has. @param {number} scale @param {Size} photo @param {number} density */
export function needsFullSize(scale, { width, height }, density) {
  const longer = Math.max(width, height);
  return longer > LARGEST_RENDITION && longer * scale * density > LARGEST_RENDITION * NEARLY;
}

/** Return the percentage that is shown: 100 is one device pixel for each pixel of the photo. @param {number} scale @param {number} density */
export function percentOf(scale, density) {
  return Math.round(scale * density * 100);
}

/**
 * Return what a swipe means: a long way, or a short and fast one, along one axis.
 * @param {Point} way @param {number} time in milliseconds
 * @returns {"next" | "previous" | "close" | "details" | null}
 */
export function judgeSwipe({ x, y }, time) {
  const isAcross = Math.abs(x) > Math.abs(y);
  const way = Math.abs(isAcross ? x : y);
  const isFlick = way > SWIPE / 3 && way / Math.max(1, time) > FLICK;
  if (way < SWIPE && !isFlick) return null;
  if (isAcross) return x < 0 ? "next" : "previous";
  return y > 0 ? "close" : "details";
}

/**
 * Return the height at which a sheet comes to rest. Heights are shares of the screen.
 * @param {number} height when it was released
 * @param {number} speed in pixels per millisecond, positive is upward
 * @returns {0 | 0.5 | 1}
 */
export function judgeSheet(height, speed) {
  if (Math.abs(speed) > FLICK) {
    if (speed > 0) return height < 0.5 ? 0.5 : 1;
    return height > 0.5 ? 0.5 : 0;
  }
  if (height < 0.3) return 0;
  return height < 0.75 ? 0.5 : 1;
}

/** Return an offset from UTC as users read it, such as "UTC+2" for "+02:00". @param {string} offset */
export function formatOffset(offset) {
  const [, sign, hours, minutes] = offset.match(/^([+-])(\d\d):(\d\d)$/) ?? [];
  if (!sign) return offset;
  if (hours === "00" && minutes === "00") return "UTC";
  return `UTC${sign === "-" ? "\u2212" : "+"}${Number(hours)}${minutes === "00" ? "" : `:${minutes}`}`;
}

/** @param {number} low @param {number} value @param {number} high */
function between(low, value, high) {
  return Math.min(high, Math.max(low, value)) + 0; // No negative zero.
}
