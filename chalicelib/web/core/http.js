/** Requests to the API, and its errors. */

/** The address of the page: the parent of `/web`, which may be a stage of API Gateway. */
export const base = new URL("../../", import.meta.url);

/** An error response of the API. `status` is 0 if there was no response. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {{error?: string, message?: string, requestId?: string, details?: Record<string, unknown>}} [body]
   * @param {number} [retryAfter] in seconds
   */
  constructor(status, { error = "Unknown", message, requestId = "", details = {} } = {}, retryAfter = 0) {
    super(message ?? `The service returned status ${status}.`);
    this.status = status;
    this.code = error;
    this.requestId = requestId;
    this.details = details;
    this.retryAfter = retryAfter;
  }

  /** True if a retry of the same request may succeed. */
  get isTemporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * @typedef {object} Options
 * @property {Record<string, string | number | boolean>} [query]
 * @property {unknown} [body] sent as JSON
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 */

/**
 * Send a request. Throws ApiError if there is no response, and AbortError if `signal` aborts it.
 * @param {string} method
 * @param {string} path relative to the page, without a leading slash
 * @param {string | null} token
 * @param {Options} [options]
 */
export async function send(method, path, token, { query = {}, body, headers = {}, signal } = {}) {
  /** @type {Record<string, string>} */
  const all = { Accept: "application/json", ...headers };
  if (token) all.Authorization = `Bearer ${token}`;
  if (body) all["Content-Type"] = "application/json";
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  try {
    return await fetch(url, { method, headers: all, body: body ? JSON.stringify(body) : undefined, signal });
  } catch (error) {
    throw isAbort(error) ? error : unreachable();
  }
}

/**
 * Return the JSON of a response, or null if it has no body. Throws ApiError if it is not a success.
 * @param {Response} response
 */
export async function read(response) {
  if (!response.ok) throw await failure(response);
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    throw isAbort(error) ? error : unreachable();
  }
}

/** @param {unknown} error */
export function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

function unreachable() {
  return new ApiError(0, { error: "Unreachable", message: "The service cannot be reached." });
}

/** @param {Response} response */
async function failure(response) {
  const body = await response.json().catch(() => ({}));
  return new ApiError(response.status, body ?? {}, seconds(response.headers.get("Retry-After")));
}

/** @param {string | null} retryAfter */
function seconds(retryAfter) {
  if (!retryAfter) return 0;
  return Math.max(0, Math.ceil(Number(retryAfter) || (Date.parse(retryAfter) - Date.now()) / 1000) || 0);
}
