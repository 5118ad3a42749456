/** The session of the page: access tokens are renewed before they expire. */

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.addEventListener = () => {};
const { session } = await import("../../chalicelib/web/core/session.js");
const { request } = await import("../../chalicelib/web/core/api.js");

const LIFETIME = 900;

/**
 * @param {string} sub
 * @param {string[]} [groups]
 */
const encode = (sub, groups) => `h.${btoa(JSON.stringify({ sub, "cognito:groups": groups }))}.${sub}${Math.random()}`;

/** Answer requests as the service does. Return the paths of the requests, and the tokens that it has issued. */
function serve() {
  /** @type {string[]} */
  const paths = [];
  /** @type {string[]} */
  const issued = [];
  globalThis.fetch = async (url, { headers = {} } = {}) => {
    const path = new URL(String(url)).pathname.split("/").at(-1) ?? "";
    paths.push(path);
    if (path === "token") {
      issued.push(encode("ann"));
      return Response.json({ accessToken: issued.at(-1), idToken: encode("ann"), expiresIn: LIFETIME });
    }
    assert.equal(/** @type {Record<string, string>} */ (headers).Authorization, `Bearer ${issued.at(-1)}`);
    return Response.json({});
  };
  return { paths, issued };
}

test("a token of 15 minutes is renewed in its last minute, once for all waiting requests", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 0 });
  const { paths } = serve();
  await request("GET", "photos");
  assert.deepEqual(paths, ["token", "photos"]);
  t.mock.timers.setTime((LIFETIME - 61) * 1000);
  await request("GET", "albums");
  assert.deepEqual(paths.slice(2), ["albums"]);
  t.mock.timers.setTime((LIFETIME - 59) * 1000);
  await Promise.all([request("GET", "photos"), request("GET", "albums")]);
  assert.deepEqual(paths.slice(3).sort(), ["albums", "photos", "token"]);
  assert.equal(session.userId, "ann");
});

test("a token that the service refuses early is renewed, and the request is sent again", async () => {
  const { paths, issued } = serve();
  const serveAll = globalThis.fetch;
  let isRefused = false;
  await session.renew();
  globalThis.fetch = async (url, options) => {
    if (!isRefused && String(url).endsWith("photos")) {
      isRefused = true;
      paths.push("refused");
      return Response.json({ error: "InvalidToken" }, { status: 401 });
    }
    return serveAll(url, options);
  };
  await request("GET", "photos");
  assert.deepEqual(paths, ["token", "refused", "token", "photos"]);
  assert.equal(issued.length, 2);
});

test("a user of a rebuilt user pool has the account that a group names", async () => {
  globalThis.fetch = async () =>
    Response.json({ accessToken: encode("new", ["staff", "account-old"]), idToken: encode("new"), expiresIn: LIFETIME });
  await session.renew();
  assert.equal(session.userId, "old");
});
