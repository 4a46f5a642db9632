const MASK = '***';
/** Shorter values would mask ordinary words and numbers; the config refuses such secrets where it can. */
const MIN_SECRET_LENGTH = 3;

/**
 * Replaces secrets by value, in the spellings in which they turn up: plain, URL-encoded (three ways), JSON-escaped and base64.
 * By value, because FFmpeg and cameras print their own variants of a URL, which no pattern catches.
 */
export class Redactor {
  private readonly secrets = new Map<string, string[]>();
  private pattern: RegExp | undefined;

  /** Masks `secret` from now on; `username` adds the Basic-auth form of the pair. */
  add(secret: string | null | undefined, username?: string | null): void {
    if (!secret || secret.length < MIN_SECRET_LENGTH) return;
    const key = `${username ?? ''}\0${secret}`;
    if (this.secrets.has(key)) return;
    this.secrets.set(key, spellingsOf(secret, username ?? undefined));
    const all = [...new Set([...this.secrets.values()].flat())].sort((a, b) => b.length - a.length);
    this.pattern = new RegExp(all.map(escapeRegExp).join('|'), 'g');
  }

  redact(text: string): string {
    return this.pattern ? text.replace(this.pattern, MASK) : text;
  }
}

/**
 * The secrets of this service, a handful that its configuration holds, for everything that it logs. Nothing that a device or a client may choose
 * is ever added: it would blank lines about others, and each camera would make each line dearer. See `maskFor` for the secrets of a camera.
 */
export const redactor = new Redactor();

function spellingsOf(secret: string, username: string | undefined): string[] {
  const percent = encodeURIComponent(secret);
  const strict = percent.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const spellings = [
    secret,
    percent,
    strict,
    percent.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()),
    strict.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()),
    encodeURI(secret),
    percent.replace(/%20/g, '+'),
    JSON.stringify(secret).slice(1, -1),
    xmlEscape(secret),
    Buffer.from(secret).toString('base64'),
  ];
  if (username !== undefined) spellings.push(Buffer.from(`${username}:${secret}`).toString('base64'));
  return spellings.filter((spelling) => spelling.length >= MIN_SECRET_LENGTH);
}

function xmlEscape(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&apos;');
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
