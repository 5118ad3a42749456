/** Talking to the API: addresses, the session and errors. The access token lives in this module's memory, nowhere else. */

const RENEW_EARLY = 60_000;
const OWN_PAGE = { "X-Requested-With": "photoshare" };

/** Fires "change" when another person, or nobody, is signed in. */
export const session = Object.assign(new EventTarget(), { userId: null, email: null });

let accessToken = null;
let renewAt = 0;
let renewing = null;

/** An answer that is not a success, or (status 0) no answer at all. */
export class ApiError extends Error {
  constructor(status, { error = "Unknown", message, requestId = "" } = {}, retryAfter = 0) {
    super(message ?? `The service answered with status ${status}.`);
    Object.assign(this, { status, code: error, requestId, retryAfter });
  }

  /** Whether the same request may well succeed later. */
  get passing() {
    return this.status === 0 || this.status >= 500;
  }
}

/** The JSON of a successful answer, or null where it has no body. Raises ApiError. */
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

/** Fresh tokens for the cookie's session, asked for once however many wait; without such a session, a visitor. */
export function renew() {
  renewing ??= fetchTokens().finally(() => { renewing = null; });
  return renewing;
}

/** Ends the session; answers the address that ends the sign-in service's session too. */
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

/** For display only: whether a token is genuine is the server's question. */
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
    // Relative to the page, which may live under a stage prefix.
    return await fetch(new URL(address, document.baseURI), { method, headers: all, body: body && JSON.stringify(body), signal });
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
