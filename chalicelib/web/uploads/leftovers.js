/** What cancelled uploads leave behind: a photo that is not complete, or that was confirmed in the last moment. */

import { request } from "../core/api.js";
import { ApiError } from "../core/http.js";
import { dropUpload, keepUpload } from "./store.js";

/** Erase what a cancelled upload may have created. Without a connection, a later visit does it. @param {import("./queue.js").Upload} upload */
export async function eraseLeftover(upload) {
  const { id, grant, fault, userId: asUser } = upload;
  await dropUpload(id).catch(() => {});
  // The service has already removed a rejected photo.
  if (!grant || fault?.status === 422) return;
  await keepUpload({ ...upload, state: "cancelled" }).catch(() => {});
  try {
    await request("DELETE", `photos/${grant.photoId}`, { query: { permanent: true }, asUser });
  } catch (error) {
    if (!(error instanceof ApiError) || error.isTemporary || error.status === 401) return;
  }
  await dropUpload(id).catch(() => {});
}
