import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { redactor } from '../../../src/common/redaction.js';
import type { AppConfig } from '../../../src/config/app-config.js';
import { CredentialCipher, isSealed, type SecretPlace } from '../../../src/modules/camera/credential.cipher.js';

const cipherWith = (credentialsKey: Buffer | undefined) => new CredentialCipher({ credentialsKey } as AppConfig);
const place: SecretPlace = { cameraId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', field: 'rtspPassword' };
const unreadable = expect.objectContaining({ code: 'CAMERA.CREDENTIALS_UNREADABLE' });

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('CredentialCipher', () => {
  const cipher = cipherWith(randomBytes(32));

  it('opens what it sealed, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (secret) => {
        expect(cipher.open(cipher.seal(secret, place), place)).toBe(secret);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps an empty password as one', () => {
    const sealed = cipher.seal('', place);
    expect(isSealed(sealed)).toBe(true);
    expect(cipher.open(sealed, place)).toBe('');
    expect(redactor.redact('admin: and YWRtaW46')).toBe('admin: and YWRtaW46');
  });

  it('seals the same text differently each time and never shows it', () => {
    const first = cipher.seal('opensesame', place);
    expect(cipher.seal('opensesame', place)).not.toBe(first);
    expect(first).not.toContain('opensesame');
    expect(first).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
    expect(isSealed(first)).toBe(true);
    expect(isSealed('rtsp://192.168.1.10/v1.x')).toBe(false);
  });

  it.each<[string, SecretPlace]>([
    ['another camera', { ...place, cameraId: '00000000-0000-4000-8000-000000000000' }],
    ['another field', { ...place, field: 'onvifPassword' }],
  ])('refuses a value moved to %s', (_what, elsewhere) => {
    const sealed = cipher.seal('opensesame', place);
    expect(thrownBy(() => cipher.open(sealed, elsewhere))).toEqual(unreadable);
  });

  it('refuses a value in which any part was changed', () => {
    const sealed = cipher.seal('opensesame', place);
    for (let i = 0; i < sealed.length; i++) {
      const altered = sealed.slice(0, i) + (sealed[i] === 'A' ? 'Q' : 'A') + sealed.slice(i + 1);
      const outcome = thrownBy(() => cipher.open(altered, place));
      // The last character of a base64 text may hold spare bits that do not count.
      if (outcome === undefined) expect(cipher.open(altered, place)).toBe('opensesame');
      else expect(outcome).toEqual(unreadable);
    }
    for (const broken of ['', 'v1', sealed.slice(0, -3), `${sealed}.x`, sealed.replace('v1', 'v2')]) {
      expect(thrownBy(() => cipher.open(broken, place))).toEqual(unreadable);
    }
  });

  it('refuses a shortened authentication tag', () => {
    const parts = cipher.seal('opensesame', place).split('.');
    parts[4] = Buffer.from(parts[4] ?? '', 'base64url')
      .subarray(0, 4)
      .toString('base64url');
    expect(thrownBy(() => cipher.open(parts.join('.'), place))).toEqual(unreadable);
  });

  it('says that the key has changed, without the secret', () => {
    const error = thrownBy(() => cipherWith(randomBytes(32)).open(cipher.seal('opensesame', place), place));
    expect(error).toEqual(unreadable);
    expect(String(error)).toContain('another CREDENTIALS_KEY');
    expect(String(error)).not.toContain('opensesame');
  });

  it('leaves what the log masks as it is, however many passwords pass through it', () => {
    const line = 'the log knows the secrets of the service, not camera-password-7';
    for (let camera = 0; camera < 2_000; camera += 1) {
      cipher.open(cipher.seal(`camera-password-${camera}`, place), place);
    }
    expect(redactor.redact(line)).toBe(line);
  });

  it('does not start without a key of 32 bytes', () => {
    expect(thrownBy(() => cipherWith(undefined))).toEqual(unreadable);
    expect(thrownBy(() => cipherWith(randomBytes(16)))).toEqual(unreadable);
  });
});
