/** Dates, sizes and counts in the language of the page. */

import { language } from "./texts.js";

const UNITS = ["kilobyte", "megabyte", "gigabyte", "terabyte"];

/** Return a size such as "14.2 MB". @param {number} bytes */
export function formatBytes(bytes) {
  const step = bytes < 1000 ? 0 : Math.min(UNITS.length, Math.floor(Math.log10(bytes) / 3)) - 1;
  const value = bytes / 1000 ** (step + 1);
  const options = { style: /** @type {const} */ ("unit"), unit: UNITS[step], maximumFractionDigits: value < 100 ? 1 : 0 };
  return value.toLocaleString(language, options);
}

/**
 * Return the local time of a photo as a date whose UTC fields are the local ones, so format it with the time zone UTC.
 * @param {Photo} photo
 */
export function localTime({ takenLocal, takenAt, uploadedAt }) {
  return new Date(takenLocal ? `${takenLocal}Z` : takenAt ?? uploadedAt);
}

// A formatter takes long to build, and each tile formats a day and a date.
const weekdayFormat = new Intl.DateTimeFormat(language, { weekday: "short", timeZone: "UTC" });
const dayFormat = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" });

/** Return a day without its month, such as "Sat 15". Together with a weekday, German would put dots and a comma. @param {Date} time */
export function formatDay(time) {
  return `${weekdayFormat.format(time)} ${time.getUTCDate()}`;
}

/** Return a day with its month and year. @param {Date} time */
export function formatFullDay(time) {
  return dayFormat.format(time);
}

/** Return a month with its year. @param {Date} time */
export function formatMonth(time) {
  return time.toLocaleDateString(language, { month: "long", year: "numeric", timeZone: "UTC" });
}

/** Return the short name of a month. @param {Date} time */
export function formatShortMonth(time) {
  return time.toLocaleDateString(language, { month: "short", timeZone: "UTC" });
}

/** Return a date and time, such as "Saturday 15 August 2026, 20:42". @param {Date} time */
export function formatMoment(time) {
  return time.toLocaleString(language, { dateStyle: "full", timeStyle: "short", timeZone: "UTC" });
}

/** Return the date of a moment in the time zone of the device. @param {string} moment */
export function formatDate(moment) {
  return new Date(moment).toLocaleDateString(language, { dateStyle: "medium" });
}

/** Return the date and the time of a moment in the time zone of the device. @param {string} moment */
export function formatTime(moment) {
  return new Date(moment).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}

/** Return a time span such as "in 5 minutes". @param {number} seconds */
export function formatWait(seconds) {
  const format = new Intl.RelativeTimeFormat(language);
  if (seconds < 90) return format.format(Math.ceil(seconds), "second");
  if (seconds < 5400) return format.format(Math.ceil(seconds / 60), "minute");
  return seconds < 129_600 ? format.format(Math.ceil(seconds / 3600), "hour") : format.format(Math.ceil(seconds / 86_400), "day");
}
