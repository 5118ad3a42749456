/** The entry of uploads: choose photos, and go on with what is unfinished. */

import { h } from "../core/dom.js";
import { openDialog } from "../core/dialogs.js";
import { session } from "../core/session.js";
import { t } from "../core/texts.js";
import { say } from "../core/toast.js";
import { buildWayTo } from "../core/way-back.js";
import { ACCEPT, findFolder, readEntries, sortFiles } from "./files.js";
import { Sender } from "./sender.js";
import { takeSharedFiles } from "./shared-files.js";
import { describeLeftOut, Sheet } from "./sheet.js";
import { clearMark, keepDraft, takeDrafts } from "./store.js";
import { Tray } from "./tray.js";
import { loadStyle } from "../core/styles.js";

await loadStyle("upload");

// Files of a visitor who never signs in must not appear to the next person at this device.
const DRAFT_LIFETIME = 3_600_000;

const sender = new Sender();
new Tray(sender, pickFiles);
/** @type {Sheet | null} */
let sheet = null;

/** Let the user choose photos. */
export function pickFiles() {
  pick({ accept: ACCEPT });
}

/** Let the user choose a folder. */
export function pickFolder() {
  pick({ webkitdirectory: true });
}

/** Take dropped or pasted files. @param {FileSystemEntry[]} entries @param {File[]} files the same files, without those in folders */
export async function addDrop(entries, files) {
  const from = entries.length === 1 && entries[0].isDirectory ? entries[0].name : "";
  await take(entries.length ? await readEntries(entries) : files, from);
}

/** Go on with the uploads of an earlier visit, and with files that were added before the sign-in. */
export async function resume() {
  if (!session.userId) return;
  await sender.resume().catch(() => say(t("upload.unreadable")));
  const drafts = (await takeDrafts().catch(() => [])).filter(({ addedAt }) => Date.now() - addedAt < DRAFT_LIFETIME);
  await clearMark().catch(() => {});
  for (const { files, from } of drafts) await take(files, from);
}

/** Take the files that another app has shared with this one. @param {string} id */
export async function takeShared(id) {
  const files = await takeSharedFiles(id);
  if (files.length) await take(files, "");
  else say(t("upload.share.missed"));
}

/** @param {Partial<HTMLInputElement>} options */
function pick(options) {
  const input = h("input", { type: "file", multiple: true, hidden: true, ...options });
  input.addEventListener("change", () => {
    input.remove();
    const files = [...(input.files ?? [])];
    void take(files, findFolder(files));
  });
  input.addEventListener("cancel", () => input.remove());
  // Some browsers open the chooser only for an element of the page.
  document.body.append(input);
  input.click();
}

/** @param {File[]} files @param {string} from the name of their folder, or "" */
async function take(files, from) {
  const found = { ...sortFiles(files), from };
  if (!found.photos.length) return void (files.length && say(describeLeftOut(found.others, found.large)));
  await session.ready;
  if (!session.userId) return askToSignIn(found.photos, from);
  sheet ??= new Sheet(session.userId, {
    pick: pickFiles,
    send: (userId, items) => void sender.add(userId, items),
    onClose: () => { sheet = null; },
  });
  sheet.add(found);
}

/** Keep the files until the user has signed in. @param {File[]} files @param {string} from */
async function askToSignIn(files, from) {
  const isKept = await keepDraft({ id: crypto.randomUUID(), addedAt: Date.now(), from, files }).then(() => true, () => false);
  const close = () => dialog.close();
  const join = buildWayTo("join", t("join"), { class: "button", onclick: close });
  const signIn = buildWayTo("sign-in", t("sign-in"), { class: "button primary", onclick: close });
  const forget = h("button", { type: "button", class: "button plain", onclick: () => void drop() }, t("cancel"));
  const text = h("p", { class: "quiet" }, t(isKept ? "upload.sign-in.text" : "upload.sign-in.again", { count: files.length }));
  const dialog = openDialog({ title: t("upload.sign-in"), content: [text, h("p", { class: "actions" }, forget, join, signIn)] });

  async function drop() {
    close();
    await takeDrafts().catch(() => {});
  }
}
