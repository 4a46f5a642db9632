import { AppError } from '../../../common/errors.js';
import { encodePath, joinLines } from './answered-text.js';
import { formatHost, parseHost } from './host.js';

/** The longest address that the column holds. */
export const MAX_STREAM_URL_LENGTH = 1000;
/** FFmpeg cuts the user info of an RTSP URL at 127 bytes without a word (`char auth[128]` in libavformat/rtsp.c). */
const MAX_USER_INFO_BYTES = 127;
const DEFAULT_PORT = { rtsp: 554, rtsps: 322 } as const;
/** Some makers carry the password in the path or query: `…/user=admin&password=secret&channel=1`. */
const INLINE_SECRET = /((?:pass(?:word|wd|wort)?|pwd)=)([^&/?#]+)/gi;
const INLINE_SECRET_IN_TEXT = /((?:pass(?:word|wd|wort)?|pwd)=)([^&/?#\s'"]+)/gi;

/** An RTSP address taken apart; `host` is without brackets, `path` begins at the slash and has the query with it. */
export interface StreamUrl {
  scheme: 'rtsp' | 'rtsps';
  host: string;
  port: number;
  path: string;
  username?: string;
  /** Empty when the address has a colon and nothing behind it (`rtsp://admin:@host/`): cameras have such passwords. */
  password?: string;
}

/**
 * Takes an RTSP address apart. Written by hand, because `URL` leaves the host of a non-special scheme as it stands.
 * @throws AppError `CAMERA.STREAM_URL_INVALID`; the message never repeats the address, which may hold a password
 */
export function parseStreamUrl(text: string): StreamUrl {
  if (text.length > MAX_STREAM_URL_LENGTH) throw invalid(`is longer than ${MAX_STREAM_URL_LENGTH} characters`);
  if (!/^[\x21-\x7e]*$/.test(text))
    throw invalid('has a space, a line break or a character that must be percent-encoded');
  const parts = /^(rtsps?):\/\/([^/?#]*)([/?].*)?$/i.exec(text);
  if (!parts) throw invalid('must begin with rtsp:// or rtsps:// and name a host');
  const [, scheme = '', authority = '', path = ''] = parts;
  const at = authority.lastIndexOf('@');
  const secure = scheme.toLowerCase() === 'rtsps';
  return {
    scheme: secure ? 'rtsps' : 'rtsp',
    ...parseHostAndPort(authority.slice(at + 1), secure ? DEFAULT_PORT.rtsps : DEFAULT_PORT.rtsp),
    path,
    ...(at < 0 ? {} : parseUserInfo(authority.slice(0, at))),
  };
}

/**
 * As `parseStreamUrl`, for the address that a device answers. Devices break it into lines, leave blanks and letters of their language
 * in it, a colon without a port, or no host at all.
 * @param ownHost stands for a host that the device left out
 */
export function parseAnsweredUrl(text: string, ownHost: string): StreamUrl {
  if (text.length > MAX_STREAM_URL_LENGTH * 2) throw invalid(`is longer than ${MAX_STREAM_URL_LENGTH} characters`);
  const parts = /^(rtsps?):\/\/([^/?#]*)(.*)$/is.exec(joinLines(text.trim()));
  if (!parts) throw invalid('must begin with rtsp:// or rtsps:// and name a host');
  const [, scheme = '', authority = '', path = ''] = parts;
  const at = authority.lastIndexOf('@') + 1;
  const hostAndPort = authority.slice(at).replace(/\s+/g, '').replace(/:$/, '');
  const host = /^(:|$)/.test(hostAndPort) ? `${formatHost(ownHost)}${hostAndPort}` : hostAndPort;
  return parseStreamUrl(`${scheme}://${encodePath(authority.slice(0, at))}${host}${encodePath(path)}`);
}

/** Writes the address without its credentials. */
export function formatStreamUrl(url: Omit<StreamUrl, 'username' | 'password'>): string {
  const port = url.port === DEFAULT_PORT[url.scheme] ? '' : `:${url.port}`;
  return `${url.scheme}://${formatHost(url.host)}${port}${url.path}`;
}

/**
 * Writes the address with credentials for FFmpeg, which decodes `%XX` in the user info (older builds `+` too);
 * so everything but letters, digits and `-._~` is encoded, as UTF-8. The rest of the address stays as it is, whatever stands in it.
 * The colon is there without a password too: without a colon FFmpeg does not log in at all (`ff_http_auth_create_response` in
 * libavformat/httpauth.c), while a camera may have an empty password.
 * @throws AppError `CAMERA.CREDENTIALS_TOO_LONG` when FFmpeg would cut them
 */
export function buildStreamUrl(url: string, username?: string | null, password?: string | null): string {
  if (username === undefined || username === null) return url;
  checkCredentialsLength(username, password);
  const authorityAt = url.indexOf('://') + '://'.length;
  return `${url.slice(0, authorityAt)}${userInfoOf(username, password)}@${url.slice(authorityAt)}`;
}

/** @throws AppError `CAMERA.CREDENTIALS_TOO_LONG` when user name and password, percent-encoded, do not fit an RTSP URL of FFmpeg's */
export function checkCredentialsLength(username: string, password?: string | null): void {
  if (userInfoOf(username, password).length <= MAX_USER_INFO_BYTES) return;
  throw new AppError({ code: 'CAMERA.CREDENTIALS_TOO_LONG', values: { maxCharacters: MAX_USER_INFO_BYTES - 1 } });
}

/** The address for people: without user info, and with `***` for a password inside path or query. */
export function maskStreamUrl(text: string): string {
  return text.replace(/^([a-z]+:\/\/)[^/?#]*@/i, '$1').replace(INLINE_SECRET, '$1***');
}

/** A text in which stream addresses stand, such as FFmpeg's words: their user info is left out, and passwords inside path or query are `***`. */
export function maskUrlsIn(text: string): string {
  return text.replace(/(rtsps?:\/\/)[^\s/?#@'"]*@/gi, '$1').replace(INLINE_SECRET_IN_TEXT, '$1***');
}

/** Passwords inside path or query, as written and decoded; an empty one is none. */
export function inlineSecrets(text: string): string[] {
  const found = [...text.matchAll(INLINE_SECRET)].map((match) => match[2] ?? '');
  return [...new Set(found.flatMap((secret) => [secret, decode(secret)]))];
}

function parseHostAndPort(text: string, defaultPort: number): { host: string; port: number } {
  const parts = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d{1,5}))?$/.exec(text);
  const host = parts?.[1] ? parseHost(parts[1]) : undefined;
  if (!host) throw invalid('has no valid host: write a name or a plain address like 192.168.1.10');
  const port = parts?.[2] === undefined ? defaultPort : Number(parts[2]);
  if (port < 1 || port > 65_535) throw invalid('has a port outside 1 to 65535');
  return { host: host.kind === 'name' ? host.name : host.address, port };
}

/** `rtsp://@host/` names nobody. */
function parseUserInfo(text: string): { username?: string; password?: string } {
  const colon = text.indexOf(':');
  const username = decode(colon < 0 ? text : text.slice(0, colon));
  const password = colon < 0 ? undefined : decode(text.slice(colon + 1));
  if ([username, password].some((part) => part !== undefined && /\p{Cc}/u.test(part))) {
    throw invalid('has a control character in its user name or password');
  }
  if (username.includes(':')) throw invalid('has a colon in its user name');
  if (username === '' && !password) return {};
  return { username, ...(password === undefined ? {} : { password }) };
}

/** Percent-decoding that leaves a text alone which is not encoded: people paste passwords with a bare `%`. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

function userInfoOf(username: string, password?: string | null): string {
  return `${encode(username)}:${encode(password ?? '')}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function invalid(what: string): Error {
  return new AppError({ code: 'CAMERA.STREAM_URL_INVALID', values: { fault: what } });
}
