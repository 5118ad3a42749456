/** Client of the API: requests, the session and errors. Only this module holds the access token, in memory. */

const RENEW_EARLY = 60_000;
const OWN_PAGE = { "X-Requested-With": "photoshare" };

/** The session of the signed-in user. Dispatches "change" when a different user signs in, or the user signs out. */
export const session = Object.assign(new EventTarget(), { userId: null, email: null });

let accessToken = null;
let renewAt = 0;
let renewing = null;

/** An error response of the API. `status` is 0 if there was no response. */
export class ApiError extends Error {
  constructor(status, { error = "Unknown", message, requestId = "" } = {}, retryAfter = 0) {
    super(message ?? `The service returned status ${status}.`);
    Object.assign(this, { status, code: error, requestId, retryAfter });
  }

  /** True if a retry of the same request may succeed. */
  get passing() {
    return this.status === 0 || this.status >= 500;
  }
}

/** Send a request. Return the JSON of a successful response, or null if it has no body. Throws ApiError. */
export async function request(method, path, { query = {}, ...options } = {}) {
  if (accessToken && Date.now() > renewAt) await renew();
  const used = accessToken;
  const address = `${path}?${new URLSearchParams(query)}`.replace(/\?$/, "");
  let response = await send(method, address, used, options);
  if (response.status === 401 && used) {
    if (accessToken === used) await renew();
    response = await send(method, address, accessToken, options);
  }
  if (!response.ok) throw await failure(response);
  return response.status === 204 ? null : parsed(response);
}

/** Get new tokens for the session of the cookie. Without such a session, the user is signed out. Calls share one request. */
export function renew() {
  renewing ??= fetchTokens().finally(() => { renewing = null; });
  return renewing;
}

/** End the session. Return the URL that also ends the session of the hosted UI. */
export async function signOut() {
  const response = await send("POST", "logout", null, { headers: OWN_PAGE });
  if (!response.ok) throw await failure(response);
  return (await parsed(response)).logoutUrl;
}

async function fetchTokens() {
  const response = await send("POST", "token", null, { headers: OWN_PAGE });
  if (response.ok) signedIn(await parsed(response));
  else if (response.status < 500 && response.status !== 429) signedIn({});
  else throw await failure(response);
}

function signedIn({ accessToken: token = null, idToken, expiresIn = 0 }) {
  const lifetime = expiresIn * 1000;
  accessToken = token;
  renewAt = Date.now() + lifetime - Math.min(RENEW_EARLY, lifetime / 10);
  const userId = claims(token).sub ?? null;
  if (userId === session.userId) return;
  Object.assign(session, { userId, email: claims(idToken).email ?? null });
  session.dispatchEvent(new Event("change"));
}

/** Return the claims of a token, for display only. The server verifies tokens. */
function claims(token) {
  if (!token) return {};
  const binary = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))));
}

async function send(method, address, token, { body, headers = {}, signal } = {}) {
  const all = { Accept: "application/json", ...headers };
  if (token) all.Authorization = `Bearer ${token}`;
  if (body) all["Content-Type"] = "application/json";
  try {
    // Resolve the path against this module, because the page has several addresses and can be under a stage prefix.
    return await fetch(new URL(`../${address}`, import.meta.url), { method, headers: all, body: body && JSON.stringify(body), signal });
  } catch (error) {
    throw error.name === "AbortError" ? error : unreachable();
  }
}

function unreachable() {
  return new ApiError(0, { error: "Unreachable", message: "The service cannot be reached. Are you offline?" });
}

async function parsed(response) {
  try {
    return await response.json();
  } catch (error) {
    throw error.name === "AbortError" ? error : unreachable();
  }
}

async function failure(response) {
  const body = await response.json().catch(() => ({}));
  return new ApiError(response.status, body ?? {}, seconds(response.headers.get("Retry-After")));
}

function seconds(retryAfter) {
  if (!retryAfter) return 0;
  return Math.max(0, Math.ceil(Number(retryAfter) || (Date.parse(retryAfter) - Date.now()) / 1000) || 0);
}
