/** The queue of uploads, and the list that shows it. */

import { ApiError } from "./api.js";
import { byId, explain, say, stamp } from "./page.js";
import { Transfer } from "./transfer.js";

const PARALLEL = 3;
const WORDS = {
  queued: "Waiting",
  hashing: "Reading",
  processing: "Processing",
  ready: "Ready",
  duplicate: "Already in your photos",
};
const FINISHED = ["ready", "duplicate", "rejected"];
// The service would reject the same bytes again.
const FINAL = [400, 413, 415, 422];

const list = byId("uploads");
const waiting = [];
let running = 0;
let onReady = () => {};

/** Start the module. Call `ready(photo)` for every new photo that is ready. */
export function start(ready) {
  onReady = ready;
  byId("uploads-clear").addEventListener("click", clearFinished);
  addEventListener("beforeunload", (event) => (running || waiting.length) && event.preventDefault());
}

export function add(files, visibility) {
  for (const file of files) enqueue(newUpload(file, visibility));
  if (files.length) say(files.length === 1 ? `Uploading ${files[0].name}.` : `Uploading ${files.length} files.`);
}

function newUpload(file, visibility) {
  const row = stamp("upload-template");
  row.querySelector(".name").textContent = file.name;
  row.querySelector("progress").ariaLabel = `Upload progress of ${file.name}`;
  const upload = { name: file.name, row, transfer: new Transfer(file, visibility, (state, fraction) => render(row, state, fraction)) };
  row.querySelector(".retry").addEventListener("click", () => enqueue(upload));
  row.querySelector(".cancel").addEventListener("click", () => cancel(upload));
  list.append(row);
  return upload;
}

function enqueue(upload) {
  render(upload.row, "queued");
  waiting.push(upload);
  pump();
}

function pump() {
  while (running < PARALLEL && waiting.length) {
    running++;
    run(waiting.shift()).finally(() => {
      running--;
      if (running || waiting.length) pump();
      else summarise();
    });
  }
}

async function run(upload) {
  try {
    const photo = await upload.transfer.run();
    render(upload.row, photo.duplicate ? "duplicate" : "ready");
    upload.row.querySelector("a").href = `#${photo.photoId}`;
    if (!photo.duplicate) onReady(photo);
  } catch (error) {
    if (error.name !== "AbortError") fail(upload, error);
  }
}

function fail({ row, name }, error) {
  render(row, error instanceof ApiError && FINAL.includes(error.status) ? "rejected" : "failed");
  row.querySelector(".state").replaceChildren(...explain(error));
  say([`${name}: `, ...explain(error)]);
}

function cancel(upload) {
  const place = waiting.indexOf(upload);
  if (place >= 0) waiting.splice(place, 1);
  if (!["rejected", "failed"].includes(upload.row.dataset.state)) upload.transfer.cancel();
  upload.row.remove();
  list.focus();
  showPanel();
}

function clearFinished() {
  for (const row of [...list.children]) if (FINISHED.includes(row.dataset.state)) row.remove();
  list.focus();
  showPanel();
}

function render(row, state, fraction = null) {
  const focused = row.contains(document.activeElement);
  const over = ["rejected", "failed"].includes(state);
  row.dataset.state = state;
  row.querySelector("progress").value = state === "ready" ? 1 : fraction ?? 0;
  row.querySelector(".state").textContent = WORDS[state] ?? `${Math.floor(fraction * 100)} %`;
  row.querySelector("a").hidden = !["ready", "duplicate"].includes(state);
  row.querySelector(".retry").hidden = state !== "failed";
  row.querySelector(".cancel").hidden = ["processing", "ready", "duplicate"].includes(state);
  row.querySelector(".cancel").textContent = over ? "Dismiss" : "Cancel";
  if (focused && !document.activeElement.checkVisibility()) list.focus();
  showPanel();
}

function showPanel() {
  byId("uploads-panel").hidden = !list.children.length;
  byId("uploads-clear").hidden = !FINISHED.some((state) => count(state));
}

const count = (state) => list.querySelectorAll(`[data-state="${state}"]`).length;

function summarise() {
  const parts = [
    [count("ready"), "ready"],
    [count("duplicate"), "already uploaded"],
    [count("rejected") + count("failed"), "not uploaded"],
  ];
  const words = parts.filter(([number]) => number).map(([number, what]) => `${number} ${what}`);
  if (words.length) say(`Uploads: ${words.join(", ")}.`);
}
