import { createHash, randomBytes } from 'node:crypto';

export type AuthScheme = 'digest' | 'basic';

export interface AuthOptions {
  realm: string;
  schemes: readonly AuthScheme[];
  /** Unset: everybody may pass. */
  username?: string;
  password?: string;
  /** How letters of the realm beyond ASCII are sent. Default UTF-8. */
  realmCharset?: 'latin1';
  /** What Digest names and takes, in this order. Default: none is named, all are taken. */
  algorithms?: readonly string[];
  /** What Digest names as `qop`. Default nothing. */
  qop?: string;
}

export type AuthResult = 'ok' | 'missing' | 'wrong' | 'stale';

const NONCES_KEPT = 1000;

/** Checks `Authorization` headers of RTSP and HTTP: Digest (RFC 7616, MD5 and SHA-256) and Basic (RFC 7617). */
export class AuthGate {
  private readonly nonces = new Set<string>();

  constructor(private readonly options: AuthOptions) {}

  get isOpen(): boolean {
    return this.options.password === undefined;
  }

  /** The values of the `WWW-Authenticate` headers to answer with; Digest is offered first. */
  challenges(stale = false): string[] {
    const { schemes, algorithms = [''], qop } = this.options;
    const realm = `realm=${quote(this.options.realm)}`;
    return schemes.flatMap((scheme) => {
      if (scheme === 'basic') return [`Basic ${realm}`];
      return algorithms.map((algorithm) => {
        const named = algorithm === '' ? '' : `, algorithm=${algorithm.toUpperCase()}`;
        const offered = qop === undefined ? '' : `, qop="${qop}"`;
        return `Digest ${realm}, nonce="${this.issueNonce()}"${named}${offered}${stale ? ', stale=true' : ''}`;
      });
    });
  }

  /** Checks one request's `Authorization` header. */
  check(authorization: string | undefined, method: string): AuthResult {
    if (this.isOpen) return 'ok';
    const [scheme, rest] = splitOnce(authorization?.trim() ?? '', ' ');
    const name = scheme.toLowerCase();
    if (name === 'basic' && this.options.schemes.includes('basic')) return this.checkBasic(rest);
    if (name === 'digest' && this.options.schemes.includes('digest')) return this.checkDigest(rest, method);
    return 'missing';
  }

  private checkBasic(encoded: string): AuthResult {
    const { username = '', password = '' } = this.options;
    return Buffer.from(encoded, 'base64').toString('utf8') === `${username}:${password}` ? 'ok' : 'wrong';
  }

  private checkDigest(parameters: string, method: string): AuthResult {
    const { realm, username = '', password = '', realmCharset } = this.options;
    const given = parseAuthParameters(parameters);
    if (given['username'] !== username || given['realm'] !== realm) return 'wrong';
    if (!this.takes(given['algorithm'] ?? 'md5')) return 'wrong';
    const expected = digestResponse({ ...given, realm, username, password, method }, realmCharset);
    if (given['response'] !== expected) return 'wrong';
    return this.nonces.has(given['nonce'] ?? '') ? 'ok' : 'stale';
  }

  private takes(algorithm: string): boolean {
    return this.options.algorithms?.includes(algorithm.toLowerCase()) ?? true;
  }

  private issueNonce(): string {
    const nonce = randomBytes(16).toString('hex');
    this.nonces.add(nonce);
    const oldest = this.nonces.values().next().value;
    if (this.nonces.size > NONCES_KEPT && oldest !== undefined) this.nonces.delete(oldest);
    return nonce;
  }
}

/** The `response` of a Digest header (RFC 7616, 3.4.1), with and without `qop`. */
export function digestResponse(values: Record<string, string>, realmCharset: 'utf8' | 'latin1' = 'utf8'): string {
  const v = (name: string) => values[name] ?? '';
  const algorithm = v('algorithm').toUpperCase().startsWith('SHA-256') ? 'sha256' : 'md5';
  const hash = (...parts: (string | Buffer)[]) => {
    const sum = createHash(algorithm);
    parts.forEach((part) => sum.update(part));
    return sum.digest('hex');
  };
  const secret = hash(`${v('username')}:`, Buffer.from(v('realm'), realmCharset), `:${v('password')}`);
  const request = hash(`${v('method')}:${v('uri')}`);
  const qop = v('qop') ? `${v('nc')}:${v('cnonce')}:${v('qop')}:` : '';
  return hash(`${secret}:${v('nonce')}:${qop}${request}`);
}

/** Reads `name=token` and `name="quoted \"string\""` pairs (RFC 7616, 3.4; RFC 9110, 5.6.4); names in lower case. */
export function parseAuthParameters(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const match of text.matchAll(/([a-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/gi)) {
    const [, name = '', quoted, token = ''] = match;
    values[name.toLowerCase()] = quoted === undefined ? token : quoted.replace(/\\(.)/gs, '$1');
  }
  return values;
}

export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length).trim()];
}
