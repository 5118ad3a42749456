/** Which files are photos. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { findFolder, sortFiles } from "../../chalicelib/web/uploads/files.js";

/** @param {string} name @param {string} [type] @param {number} [size] */
const file = (name, type = "", size = 1) => ({ name, type, size });

test("photos are told by their type, or by their extension if the browser knows no type", () => {
  const photos = [file("a", "image/jpeg"), file("b.HEIC"), file("c.tiff"), file("d.webp", "image/webp")];
  const others = [file("e.svg", "image/svg+xml"), file("f.jpg", "text/plain"), file("g.mov", "video/quicktime"), file("h")];
  assert.deepEqual(sortFiles([...photos, ...others]), { photos, others: 4, large: 0 });
});

test("files that systems write are not counted, and files over 200 MB are", () => {
  const files = [file(".DS_Store"), file("Thumbs.db"), file("._a.jpg", "image/jpeg"), file("big.jpg", "image/jpeg", 200_000_001)];
  assert.deepEqual(sortFiles(files), { photos: [], others: 0, large: 1 });
});

test("a folder is named if it holds all files", () => {
  const inFolder = (/** @type {string} */ path) => /** @type {File} */ ({ webkitRelativePath: path });
  assert.equal(findFolder([inFolder("Dolomites/a.jpg"), inFolder("Dolomites/Day 2/b.jpg")]), "Dolomites");
  assert.equal(findFolder([inFolder("A/a.jpg"), inFolder("B/b.jpg")]), "");
  assert.equal(findFolder([inFolder("")]), "");
});
