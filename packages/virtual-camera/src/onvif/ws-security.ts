import { createHash } from 'node:crypto';
import { findText } from './soap.js';

/** How far `Created` may be from the device's clock. */
const MAX_AGE_MS = 5 * 60_000;
const NONCES_KEPT = 1000;

export interface WsSecurityOptions {
  username: string;
  password: string;
  /** The device's clock. */
  deviceNow: () => Date;
}

/** Checks WS-Security UsernameToken headers with a password digest (UsernameToken Profile 1.0). */
export class WsSecurity {
  private readonly usedNonces = new Set<string>();

  constructor(private readonly options: WsSecurityOptions) {}

  check(xml: string): 'ok' | 'missing' | 'wrong' {
    const username = findText(xml, 'Username');
    if (username === undefined) return 'missing';
    const nonce = findText(xml, 'Nonce') ?? '';
    const created = findText(xml, 'Created') ?? '';
    const expected = passwordDigest(nonce, created, this.options.password);
    const matches = username === this.options.username && findText(xml, 'Password') === expected;
    const ageMs = Math.abs(this.options.deviceNow().getTime() - Date.parse(created));
    const inTime = ageMs <= MAX_AGE_MS;
    return matches && inTime && this.useNonce(nonce + created) ? 'ok' : 'wrong';
  }

  /** False for one that was used before: a replayed message. */
  private useNonce(nonce: string): boolean {
    if (this.usedNonces.has(nonce)) return false;
    this.usedNonces.add(nonce);
    const oldest = this.usedNonces.values().next().value;
    if (this.usedNonces.size > NONCES_KEPT && oldest !== undefined) this.usedNonces.delete(oldest);
    return true;
  }
}

/** Base64 of SHA-1 over nonce, creation time and password in UTF-8. */
export function passwordDigest(nonceBase64: string, created: string, password: string): string {
  const hash = createHash('sha1');
  hash.update(Buffer.from(nonceBase64, 'base64'));
  hash.update(created + password, 'utf8');
  return hash.digest('base64');
}
