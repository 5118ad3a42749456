/** The upload of one file, with a service that fails at chosen steps. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../chalicelib/web/core/http.js";
import { newUpload } from "../../chalicelib/web/uploads/queue.js";
import { transfer } from "../../chalicelib/web/uploads/transfer.js";
import { Turns } from "../../chalicelib/web/uploads/turns.js";

const FILE = new File(["bytes"], "a.jpg", { type: "image/jpeg" });

/** A service that holds photos by their grants, as the API does. */
class Service {
  /** @type {Map<string, {photoId: string, body: any}>} */
  keys = new Map();
  /** @type {Set<string>} */
  stored = new Set();
  /** @type {Set<string>} */
  ready = new Set();
  /** Steps that fail once: before the service acts, or after it. @type {string[]} */
  faults = [];
  /** @type {string[]} */
  log = [];

  /** @type {import("../../chalicelib/web/uploads/transfer.js").Tools["call"]} */
  call = async (method, path, { body, headers } = {}) => {
    this.fail(`before ${method} ${path.split("/").at(-1)}`);
    this.log.push(`${method} ${path}`);
    const answer = this.#answer(method, path, body, headers?.["Idempotency-Key"] ?? "");
    this.fail(`after ${method} ${path.split("/").at(-1)}`);
    return answer;
  };

  /** @param {string} step */
  fail(step) {
    const at = this.faults.indexOf(step);
    if (at < 0) return;
    this.faults.splice(at, 1);
    throw new ApiError(0, { error: "Unreachable" });
  }

  /** @param {string} method @param {string} path @param {any} body @param {string} key */
  #answer(method, path, body, key) {
    if (path === "upload") {
      const [duplicate] = this.ready;
      if (!this.keys.has(key) && duplicate) return { duplicate: true, photoId: duplicate };
      if (!this.keys.has(key)) this.keys.set(key, { photoId: `photo-${this.keys.size}`, body });
      const photoId = this.keys.get(key)?.photoId;
      return { photoId, uploadUrl: `https://storage/${photoId}`, method: "PUT", headers: {}, expiresIn: 900 };
    }
    const photoId = path.split("/")[1];
    if (method === "DELETE") return null;
    if (method === "POST" && !this.stored.has(photoId)) throw new ApiError(409, { error: "NotUploaded" });
    this.ready.add(photoId);
    return { photoId, status: "ready", visibility: "private" };
  }
}

/** @param {Service} service @param {Partial<import("../../chalicelib/web/uploads/queue.js").Upload>} [changes] */
function begin(service, changes = {}) {
  const choices = { title: "T", tags: ["t"], visibility: /** @type {const} */ ("private"), albumId: null };
  const upload = { ...newUpload(FILE, { batch: "b", userId: "u", place: 0, choices }), ...changes };
  const turns = new Turns();
  const tools = {
    call: service.call,
    put: async (/** @type {{photoId: string}} */ { photoId }) => {
      const step = service.faults[0]?.startsWith("lost") ? service.faults.shift() : "";
      if (step === "lost before") return 0;
      if (service.stored.has(photoId)) return 412;
      service.stored.add(photoId);
      return step === "lost after" ? 0 : 200;
    },
    keep: (/** @type {object} */ fields) => void Object.assign(upload, fields),
    report: () => {},
    takeTurn: (/** @type {string} */ sha256) => turns.take(sha256),
    sleep: async () => {},
  };
  return { upload, run: () => transfer(upload, FILE, tools) };
}

test("the request carries the choices, the hash, and asks for the metadata of the file", async () => {
  const service = new Service();
  const { upload, run } = begin(service);
  const { key } = upload;
  assert.equal((await run()).isDuplicate, false);
  const { body } = /** @type {{body: any}} */ (service.keys.get(key));
  assert.deepEqual([body.title, body.tags, body.visibility, body.metadata, body.sha256.length], ["T", ["t"], "private", "import", 64]);
  assert.ok(!body.albumId);
});

for (const fault of ["before POST upload", "after POST upload", "lost before", "lost after", "before POST complete", "after POST complete"]) {
  test(`a retry creates no second photo if the connection is lost: ${fault}`, async () => {
    const service = new Service();
    service.faults.push(fault);
    const { run } = begin(service);
    await assert.rejects(run(), { status: 0 });
    const { photo, isDuplicate } = await run();
    assert.deepEqual([photo.photoId, isDuplicate], ["photo-0", false]);
    assert.deepEqual([...service.keys.values()].map(({ photoId }) => photoId), ["photo-0"]);
  });
}

test("an expired grant without bytes is replaced, and its photo is erased", async () => {
  const service = new Service();
  const grant = { photoId: "old", uploadUrl: "", method: "PUT", headers: {}, endsAt: 0 };
  const { upload, run } = begin(service, { grant });
  // The service would answer the old key with the old photo.
  service.keys.set(upload.key, { photoId: "old", body: {} });
  assert.equal((await run()).photo.photoId, "photo-1");
  assert.ok(service.log.includes("DELETE photos/old"));
});

test("an expired grant whose bytes have arrived is confirmed", async () => {
  const service = new Service();
  service.stored.add("old");
  const { run } = begin(service, { grant: { photoId: "old", uploadUrl: "", method: "PUT", headers: {}, endsAt: 0 } });
  assert.equal((await run()).photo.photoId, "old");
  assert.equal(service.keys.size, 0);
});

test("a photo of the library is a duplicate, unless this upload has created it", async () => {
  const service = new Service();
  service.ready.add("known");
  assert.equal((await begin(service).run()).isDuplicate, true);
  assert.equal((await begin(service, { granted: ["known"] }).run()).isDuplicate, false);
});

test("an album that is gone is told apart from other missing things", async () => {
  const choices = { title: "", tags: [], visibility: /** @type {const} */ ("private"), albumId: "gone" };
  const service = new Service();
  service.call = async () => {
    throw new ApiError(404, { error: "NotFound" });
  };
  await assert.rejects(begin(service, { choices }).run(), { code: "AlbumGone" });
});

test("uploads of the same bytes take turns", async () => {
  const turns = new Turns();
  const end = await turns.take("a");
  let hasStarted = false;
  const second = turns.take("a").then(() => { hasStarted = true; });
  await turns.take("b");
  assert.equal(hasStarted, false);
  end();
  await second;
});
