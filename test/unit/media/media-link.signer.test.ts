import { describe, expect, it } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import { loadConfig } from '../../../src/config/app-config.js';
import { MediaLinkSigner } from '../../../src/modules/media/media-link.signer.js';

const ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const OTHER = '6f9619ff-8b86-4d01-b42d-00cf4fc964fe';
const NOW_MS = Date.UTC(2026, 0, 31, 12, 0, 0, 400);

class SetClock extends Clock {
  constructor(public ms = NOW_MS) {
    super();
  }
  override nowMs = () => this.ms;
  override sleep = async () => undefined;
}

function signerWith({ clock = new SetClock(), secret = 's'.repeat(32) } = {}): MediaLinkSigner {
  const config = loadConfig({ JWT_SECRET: secret, PUBLIC_URL: 'https://dvr.example/', SIGNED_URL_TTL_SEC: '60' });
  return new MediaLinkSigner(config, clock);
}

function partsOf(url: string): { expires: string; signature: string } {
  const { searchParams } = new URL(url);
  return { expires: searchParams.get('expires') ?? '', signature: searchParams.get('signature') ?? '' };
}

describe('a signed media link', () => {
  const { url, expiresAt } = signerWith().sign(ID);
  const { expires, signature } = partsOf(url);

  it('names the video under the public URL and when it ends', () => {
    expect(url.startsWith(`https://dvr.example/playbacks/${ID}/video?`)).toBe(true);
    expect(expiresAt.toISOString()).toBe('2026-01-31T12:01:00.000Z');
  });

  it('opens its playback, in another process with the same secret too', () => {
    expect(signerWith().verify(ID, expires, signature)).toBe(true);
  });

  it('has a query that opens every address of its playback', () => {
    const signer = signerWith();
    const { query, expiresAt: end } = signer.signQuery(ID);
    expect([`${signer.addressOf(ID)}/video?${query}`, end]).toEqual([url, expiresAt]);
  });

  it('ends on the second', () => {
    const clock = new SetClock();
    const signer = signerWith({ clock });
    clock.ms = expiresAt.getTime() - 1;
    expect(signer.verify(ID, expires, signature)).toBe(true);
    clock.ms = expiresAt.getTime();
    expect(signer.verify(ID, expires, signature)).toBe(false);
  });

  it.each<[string, string, unknown, unknown]>([
    ['another playback', OTHER, expires, signature],
    ['a later end', ID, String(Number(expires) + 1), signature],
    ['the same end written otherwise', ID, `0${expires}`, signature],
    ['no end', ID, undefined, signature],
    ['no signature', ID, expires, undefined],
    ['an empty signature', ID, expires, ''],
    ['a cut signature', ID, expires, signature.slice(0, -4)],
    ['a longer signature', ID, expires, `${signature}AAAA`],
    ['another signature of the right length', ID, expires, 'A'.repeat(signature.length)],
    ['an end that is no number', ID, '1e99', signature],
    ['several values', ID, [expires, expires], [signature]],
  ])('is void for %s', (_what, id, anyExpires, anySignature) => {
    expect(signerWith().verify(id, anyExpires, anySignature)).toBe(false);
  });

  it('is void under another secret', () => {
    expect(signerWith({ secret: 't'.repeat(32) }).verify(ID, expires, signature)).toBe(false);
  });
});
