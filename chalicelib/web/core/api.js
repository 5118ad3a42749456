/** Requests as the signed-in user. */

import { ApiError, read, send } from "./http.js";
import { session } from "./session.js";

/**
 * Send a request, with the session's token if there is one. Return the JSON of the answer, or null without a body.
 * Set `isPublic` to send the request at once, before it is known who is signed in.
 * Set `asUser` for work that outlives a sign-out, so that it is never done as another user.
 * @param {string} method
 * @param {string} path
 * @param {import("./http.js").Options & {isPublic?: boolean, asUser?: string}} [options]
 */
export async function request(method, path, { isPublic = false, asUser, ...options } = {}) {
  if (!isPublic) await session.ready;
  const token = await session.token();
  requireUser(asUser);
  let response = await send(method, path, token, options);
  if (token && (await hasExpired(response))) {
    if ((await session.token()) === token) await session.renew();
    const renewed = await session.token();
    requireUser(asUser);
    response = await send(method, path, renewed, options);
  }
  return read(response);
}


/** Return whether the token has expired. A wrong password has the same status. @param {Response} response */
async function hasExpired(response) {
  if (response.status !== 401) return false;
  const body = await response.clone().json().catch(() => null);
  return body?.error === "InvalidToken";
}

/** @param {string} [userId] */
function requireUser(userId) {
  if (userId && session.userId !== userId) throw new ApiError(401, { error: "InvalidToken", message: "The session has ended. Sign in again." });
}
