import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { Clock } from '../../common/clock.js';
import { AppConfig } from '../../config/app-config.js';

const KEY_BYTES = 32;
/** Separates this key from every other use of the same secret; a new format of links needs a new one. */
const KEY_PURPOSE = 'hindsight:media-link:v1';

export interface MediaLink {
  url: string;
  expiresAt: Date;
}

export interface MediaSignature {
  /** Behind the `?` of an address. */
  query: string;
  expiresAt: Date;
}

/** The query of a signed link, as a guard has found it good. */
export interface LinkQuery {
  expires: string;
  signature: string;
}

/** The signed link by which a guard has let the request in; null: it has a token. */
export function linkOf({ query }: Request): LinkQuery | null {
  const { expires, signature } = query;
  return typeof expires === 'string' && typeof signature === 'string' ? { expires, signature } : null;
}

/**
 * Makes and checks links to media that need no token for a while: for `<video>`, which cannot send one. A link opens what its `subject`
 * names: the id of a playback, or a word of another room that no id is.
 */
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

  /** A link to the video. */
  sign(playbackId: string): MediaLink {
    const { query, expiresAt } = this.signQuery(playbackId);
    return { url: `${this.addressOf(playbackId)}/video?${query}`, expiresAt };
  }

  /** What opens every media route of its subject. */
  signQuery(subject: string): MediaSignature {
    const expiresSec = Math.floor(this.clock.nowMs() / 1_000) + this.ttlSec;
    const signature = this.signatureOf(subject, String(expiresSec)).toString('base64url');
    return { query: `expires=${expiresSec}&signature=${signature}`, expiresAt: new Date(expiresSec * 1_000) };
  }

  /** Where clients reach a playback, without a slash at the end. */
  addressOf(playbackId: string): string {
    return `${this.publicUrl}/playbacks/${playbackId}`;
  }

  /** How long a signed address of the store may live: a link opens nothing for longer than it lives itself. */
  ttlSecOf(link: LinkQuery | null): number {
    if (link === null) return this.ttlSec;
    return Math.max(1, Math.min(this.ttlSec, Number(link.expires) - Math.floor(this.clock.nowMs() / 1_000)));
  }

  /** Whether `expires` and `signature`, as they stand in a request, open this subject now. */
  verify(subject: string, expires: unknown, signature: unknown): boolean {
    if (typeof expires !== 'string' || !/^\d{1,12}$/.test(expires) || typeof signature !== 'string') return false;
    const wanted = this.signatureOf(subject, expires);
    const given = Buffer.from(signature, 'base64url');
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return false;
    return this.clock.nowMs() < Number(expires) * 1_000;
  }

  private signatureOf(subject: string, expires: string): Buffer {
    return createHmac('sha256', this.key).update(`${subject}\n${expires}`).digest();
  }
}
