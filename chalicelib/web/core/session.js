/** The session of the signed-in user. Only this module holds the access token, in memory. */

import { ApiError, read, send } from "./http.js";

const RENEW_EARLY = 60_000;
const OWN_PAGE = { "X-Requested-With": "photoshare" };
/** The prefix of the name of a group that links a user to an account. */
const ACCOUNT_PREFIX = "account-";

/** @typedef {{accessToken?: string | null, idToken?: string, expiresIn?: number}} Tokens */

class Session extends EventTarget {
  /** @type {string | null} */
  userId = null;
  /** @type {string | null} */
  email = null;
  /** @type {string | null} */
  #token = null;
  #renewAt = 0;
  /** @type {Promise<void> | null} */
  #renewing = null;
  /** @type {Promise<void> | null} */
  #start = null;
  /** Why it is not known who is signed in, such as a network that is down. @type {unknown} */
  fault = null;

  constructor() {
    super();
    addEventListener("online", () => void (this.fault && this.renew().catch(() => {})));
  }

  /** Resolve when it is known who is signed in. The first call asks the service, and so do calls after a fault. */
  get ready() {
    if (this.fault) this.#start = null;
    this.#start ??= this.renew();
    return this.#start.catch(() => {});
  }

  /** Return a token that is still valid, or null without a session. */
  async token() {
    if (this.#token && Date.now() > this.#renewAt) await this.renew();
    return this.#token;
  }

  /** Get new tokens for the refresh cookie. Without such a session, the user is signed out. Calls share one request. */
  renew() {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** @param {string} email @param {string} password */
  async signIn(email, password) {
    const body = { email, password };
    this.#take(await read(await send("POST", "login", null, { headers: OWN_PAGE, body })));
  }

  /** End the session. Return the URL that also ends the session of the hosted UI. */
  async signOut() {
    const { logoutUrl } = await read(await send("POST", "logout", null, { headers: OWN_PAGE }));
    this.forget();
    return /** @type {string} */ (logoutUrl);
  }

  /** Forget the tokens, because the account or its sessions have ended. */
  forget() {
    this.#take({});
  }

  async #renew() {
    try {
      await this.#askForTokens();
      this.fault = null;
    } catch (error) {
      this.fault = error;
      throw error;
    }
  }

  async #askForTokens() {
    const response = await send("POST", "token", null, { headers: OWN_PAGE });
    if (response.ok) this.#take(await read(response));
    else if (response.status < 500 && response.status !== 429) this.#take({});
    else throw new ApiError(response.status, await response.json().catch(() => ({})));
  }

  /** @param {Tokens} tokens */
  #take({ accessToken = null, idToken, expiresIn = 0 }) {
    const lifetime = expiresIn * 1000;
    this.#token = accessToken;
    this.#renewAt = Date.now() + lifetime - Math.min(RENEW_EARLY, lifetime / 10);
    const { sub, "cognito:groups": groups = [] } = claims(accessToken);
    // A user of a rebuilt user pool has a new id. A group has the id of the account.
    const group = groups.find((name) => name.startsWith(ACCOUNT_PREFIX));
    const userId = group?.slice(ACCOUNT_PREFIX.length) ?? sub ?? null;
    if (userId === this.userId) return;
    const previous = this.userId;
    this.userId = userId;
    this.email = claims(idToken).email ?? null;
    this.dispatchEvent(new CustomEvent("change", { detail: { previous } }));
  }
}

/** Dispatches "change" when a different user signs in, or the user signs out. */
export const session = new Session();

/**
 * Return the claims of a token, for display only. The server verifies tokens.
 * @param {string | null | undefined} token
 * @returns {{sub?: string, email?: string, "cognito:groups"?: string[]}}
 */
function claims(token) {
  if (!token) return {};
  const binary = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))));
}
