/** The way to one playback: the signed link in the page's address, or a login, with which signed links are fetched. */

const TOKEN = 'hindsight-token';
/** A link is renewed this long before it ends. */
const RENEW_MS = 60_000;

/** The page is at …/playbacks/{id}/watch; what it needs lies around it. */
const HERE = new URL('./', location.href);

/** What the service answered instead of what was asked for: `code` and `message` of its problem document. */
export class Refusal extends Error {
  constructor(status, { code = '', detail = 'The service gave no reason.' } = {}) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Nothing that is here opens the playback. */
export class LoginNeeded extends Error {}

export class Access {
  #query = '';
  #expiresAtMs = 0;

  constructor(search) {
    const given = new URLSearchParams(search);
    const [expires, signature] = [given.get('expires'), given.get('signature')];
    if (expires && signature) this.#keep({ expires, signature });
  }

  get isLinked() {
    return this.#query !== '';
  }

  /** The address of something of this playback, opened by the newest link. */
  urlOf(path) {
    return `${new URL(path, HERE).href}?${this.#query}`;
  }

  /** The same address with the newest link, when it is one of ours that carries a link. */
  refresh(url) {
    const fresh = new URL(url, HERE);
    if (fresh.origin !== HERE.origin || !fresh.searchParams.has('signature')) return url;
    return this.urlOf(fresh.origin + fresh.pathname);
  }

  /** Sees to it that there is a link that lives. */
  async ensure() {
    if (this.#expiresAtMs - Date.now() > RENEW_MS) return;
    const token = sessionStorage.getItem(TOKEN);
    if (token) await this.#fetchLink(token);
    else if (this.#expiresAtMs <= Date.now()) throw new LoginNeeded(this.isLinked ? 'This link has expired.' : '');
  }

  async getJson(path) {
    await this.ensure();
    const response = await fetch(this.urlOf(path), { cache: 'no-store' });
    if (response.status === 401) {
      this.#expiresAtMs = 0;
      this.#query = '';
      throw new LoginNeeded('This link does not open the recording, or not any more.');
    }
    return bodyOf(response);
  }

  async login(username, password) {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ username, password });
    const response = await fetch(new URL('../../auth/login', HERE), { method: 'POST', headers, body });
    const { accessToken } = await bodyOf(response);
    sessionStorage.setItem(TOKEN, accessToken);
    this.#expiresAtMs = 0;
  }

  async #fetchLink(token) {
    const response = await fetch(new URL('stream-url', HERE), { headers: { authorization: `Bearer ${token}` } });
    if (response.status === 401) {
      sessionStorage.removeItem(TOKEN);
      throw new LoginNeeded('You were signed out.');
    }
    const { playlistUrl } = await bodyOf(response);
    this.#keep(Object.fromEntries(new URL(playlistUrl).searchParams));
  }

  #keep(link) {
    this.#query = new URLSearchParams(link).toString();
    this.#expiresAtMs = Number(link.expires) * 1_000;
  }
}

async function bodyOf(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response.status, body);
  return body;
}
