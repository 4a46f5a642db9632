import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppConfig } from '../../config/app-config.js';

const KEY_BYTES = 32;
/** Separates this key from every other use of the same secret; a new format of links needs a new one. */
const KEY_PURPOSE = 'hindsight:media-link:v1';

export interface MediaLink {
  url: string;
  expiresAt: Date;
}

/** Makes and checks links to one playback's video that need no token for a while: for `<video>`, which cannot send one. */
@Injectable()
export class MediaLinkSigner {
  private readonly key: Buffer;
  private readonly ttlSec: number;
  private readonly publicUrl: string;

  constructor(
    config: AppConfig,
    private readonly clock: Clock,
  ) {
    const { jwtSecret } = config.auth;
    if (!jwtSecret) throw new Error('the JWT secret is not set: complete the secrets before the modules start');
    this.key = Buffer.from(hkdfSync('sha256', jwtSecret, '', KEY_PURPOSE, KEY_BYTES));
    this.ttlSec = config.storage.signedUrlTtlSec;
    this.publicUrl = config.http.publicUrl;
  }

  sign(playbackId: string): MediaLink {
    const expiresSec = Math.floor(this.clock.nowMs() / 1_000) + this.ttlSec;
    const query = `expires=${expiresSec}&signature=${this.signatureOf(playbackId, String(expiresSec)).toString('base64url')}`;
    return {
      url: `${this.publicUrl}/playbacks/${playbackId}/video?${query}`,
      expiresAt: new Date(expiresSec * 1_000),
    };
  }

  /** Whether `expires` and `signature`, as they stand in a request, open this playback now. */
  verify(playbackId: string, expires: unknown, signature: unknown): boolean {
    if (typeof expires !== 'string' || !/^\d{1,12}$/.test(expires) || typeof signature !== 'string') return false;
    const wanted = this.signatureOf(playbackId, expires);
    const given = Buffer.from(signature, 'base64url');
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return false;
    return this.clock.nowMs() < Number(expires) * 1_000;
  }

  private signatureOf(playbackId: string, expires: string): Buffer {
    return createHmac('sha256', this.key).update(`${playbackId}\n${expires}`).digest();
  }
}
