import { createHash, randomBytes } from 'node:crypto';
import { ANSWER_LIMITS } from './domain/answer-limits.js';

/**
 * One way to log in that a server offers in `WWW-Authenticate`; parameter names are in lower case. Values are bytes, one character
 * each (Latin-1), because a realm may be in any encoding, and Digest is computed over the bytes that the server sent.
 */
export interface Challenge {
  scheme: string;
  params: Record<string, string>;
}

export interface AuthRequest {
  challenges: Challenge[];
  method: string;
  /** As it stands in the request line. */
  uri: string;
  username: string;
  password: string;
  /** For tests; random otherwise. */
  cnonce?: string;
}

const DIGESTS: Record<string, string> = { 'SHA-256': 'sha256', MD5: 'md5' };
/** A scheme (`Digest`) or a parameter (`realm="x"`), after an optional comma. */
const PART = /[ \t\r\n,]*([\w!#$%&'*+.^`|~-]+)(?:[ \t\r\n]*=[ \t\r\n]*("(?:[^"\\]|\\.)*"|[^ \t\r\n,"]*))?/y;

/** Parses `WWW-Authenticate` values, read as Latin-1; one value may hold several challenges. What cannot be read, or is too much, is left out. */
export function parseChallenges(values: string[]): Challenge[] {
  const challenges: Challenge[] = [];
  for (const value of values.slice(0, ANSWER_LIMITS.challenges)) {
    let last: Challenge | undefined;
    PART.lastIndex = 0;
    for (let part = PART.exec(value); part; part = PART.exec(value)) {
      const [, name = '', raw] = part;
      if (raw === undefined) {
        if (challenges.length === ANSWER_LIMITS.challenges) return challenges;
        challenges.push((last = { scheme: name.toLowerCase(), params: {} }));
      } else if (last) last.params[name.toLowerCase()] = unquote(raw);
    }
  }
  return challenges;
}

/**
 * Builds the `Authorization` value for the strongest challenge that is understood: Digest SHA-256, Digest MD5, then Basic
 * (RFC 7616, RFC 2069 for servers without `qop`, RFC 7617).
 * @returns to be sent as Latin-1, user name and password in UTF-8 inside; undefined when no challenge is understood
 */
export function authorize(request: AuthRequest): string | undefined {
  const digests = request.challenges.filter(({ scheme }) => scheme === 'digest');
  for (const name of Object.keys(DIGESTS)) {
    const challenge = digests.find(({ params }) => algorithmOf(params).name === name && params['nonce'] !== undefined);
    if (challenge) return digest(challenge.params, request);
  }
  if (!request.challenges.some(({ scheme }) => scheme === 'basic')) return undefined;
  return `Basic ${Buffer.from(`${request.username}:${request.password}`, 'utf8').toString('base64')}`;
}

function digest(params: Record<string, string>, request: AuthRequest): string {
  const { method, uri, cnonce = randomBytes(8).toString('hex') } = request;
  const [username, password] = [utf8Bytes(request.username), utf8Bytes(request.password)];
  const { realm = '', nonce = '', opaque } = params;
  const { name, session } = algorithmOf(params);
  const hash = (text: string) =>
    createHash(DIGESTS[name] ?? 'md5')
      .update(text, 'latin1')
      .digest('hex');
  const nc = '00000001';
  const qop = params['qop']
    ?.split(',')
    .map((item) => item.trim())
    .includes('auth')
    ? 'auth'
    : undefined;
  const secret = hash(`${username}:${realm}:${password}`);
  const ha1 = session ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  const ha2 = hash(`${method}:${uri}`);
  const response = hash(qop ? [ha1, nonce, nc, cnonce, qop, ha2].join(':') : [ha1, nonce, ha2].join(':'));
  const fields = [
    ['username', quote(username)],
    ['realm', quote(realm)],
    ['nonce', quote(nonce)],
    ['uri', quote(uri)],
    ['response', quote(response)],
    ['algorithm', params['algorithm']],
    ['opaque', opaque === undefined ? undefined : quote(opaque)],
    ['qop', qop],
    ['nc', qop && nc],
    ['cnonce', qop || session ? quote(cnonce) : undefined],
  ];
  return `Digest ${fields.flatMap(([key, value]) => (value ? [`${key}=${value}`] : [])).join(', ')}`;
}

/** Each byte as the character of its number. */
function utf8Bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function algorithmOf(params: Record<string, string>): { name: string; session: boolean } {
  const text = (params['algorithm'] ?? 'MD5').toUpperCase();
  return { name: text.replace(/-SESS$/, ''), session: text.endsWith('-SESS') };
}

function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
