/** The page: the session, uploads by drag and drop, and the selection of photos. */

import { renew, session, signOut } from "./api.js";
import * as gallery from "./gallery.js";
import * as lightbox from "./lightbox.js";
import { byId, explain, hush, say } from "./page.js";
import * as uploads from "./uploads.js";

const view = byId("view");
const picker = byId("file-input");

function showSession() {
  const signedIn = Boolean(session.userId);
  byId("sign-in").hidden = signedIn;
  byId("sign-out").hidden = !signedIn;
  byId("who").textContent = session.email ?? "";
  for (const element of document.querySelectorAll("[data-for]")) {
    element.hidden = (element.dataset.for === "user") !== signedIn;
  }
  if (!signedIn) byId("scope").value = "public";
}

function showPhotos() {
  const { scope, order, q } = view.elements;
  const words = scope.value === "trash" ? "" : q.value.trim();
  q.disabled = scope.value === "trash";
  // Search results always have the order newest first.
  order.disabled = q.disabled || Boolean(words);
  return gallery.show({ scope: scope.value, order: order.value, q: words });
}

function upload(files) {
  if (session.userId) uploads.add([...files], byId("visibility").value);
  else say("Sign in to upload photos.");
}

async function leave() {
  try {
    location.assign(await signOut());
  } catch (error) {
    say(explain(error));
  }
}

const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");

function watchDrops() {
  addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dragging");
  });
  addEventListener("drop", (event) => {
    document.body.classList.remove("dragging");
    if (!holdsFiles(event)) return;
    event.preventDefault();
    upload(event.dataTransfer.files);
  });
}

async function start() {
  watchDrops();
  lightbox.start();
  uploads.start(gallery.add);
  picker.addEventListener("change", () => {
    upload(picker.files);
    picker.value = "";
  });
  view.addEventListener("change", showPhotos);
  // Enter in the search field has already triggered a change event.
  view.addEventListener("submit", (event) => event.preventDefault());
  byId("sign-out").addEventListener("click", leave);
  byId("status-dismiss").addEventListener("click", hush);
  // A page restored from the browser's cache may show private photos after the user has signed out.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  try {
    await renew();
  } catch (error) {
    say(explain(error));
  }
  session.addEventListener("change", () => {
    showSession();
    showPhotos();
  });
  showSession();
  await showPhotos();
  lightbox.follow();
}

start();
