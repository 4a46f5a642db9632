import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';

const VERSION = 'v1';
const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The place a secret belongs to. It is authenticated with it, so a sealed value cannot be moved to another row or column. */
export interface SecretPlace {
  cameraId: string;
  field: 'onvifPassword' | 'rtspPassword' | 'rtspUrl';
}

/** Seals secrets for the database: `v1.<key id>.<nonce>.<ciphertext>.<tag>`, the last three in base64url, AES-256-GCM. */
@Injectable()
export class CredentialCipher {
  private readonly key: Buffer;
  private readonly keyId: string;

  constructor(config: AppConfig) {
    if (config.credentialsKey?.length !== 32) {
      throw new AppError({
        code: 'CAMERA.CREDENTIALS_UNREADABLE',
        message: 'CREDENTIALS_KEY is missing: 32 bytes in base64 are needed.',
      });
    }
    this.key = config.credentialsKey;
    this.keyId = createHash('sha256').update(this.key).digest('hex').slice(0, 8);
  }

  /** Seals `secret` for `place`. */
  seal(secret: string, place: SecretPlace): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.key, nonce).setAAD(aadOf(place));
    const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    const parts = [nonce, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'));
    return [VERSION, this.keyId, ...parts].join('.');
  }

  /**
   * Opens what `seal` made for the same place.
   * @throws AppError `CAMERA.CREDENTIALS_UNREADABLE` when the key has changed, or the value was altered or moved
   */
  open(sealed: string, place: SecretPlace): string {
    const [version, keyId, nonce, ciphertext, tag, ...rest] = sealed.split('.');
    if (
      version !== VERSION ||
      nonce === undefined ||
      ciphertext === undefined ||
      tag === undefined ||
      rest.length > 0
    ) {
      throw unreadable('is damaged');
    }
    if (keyId !== this.keyId) throw unreadable('was sealed with another CREDENTIALS_KEY');
    return this.decipher(nonce, ciphertext, tag, place);
  }

  private decipher(nonce: string, ciphertext: string, tag: string, place: SecretPlace): string {
    try {
      const options = { authTagLength: TAG_BYTES };
      const decipher = createDecipheriv(ALGORITHM, this.key, Buffer.from(nonce, 'base64url'), options)
        .setAAD(aadOf(place))
        .setAuthTag(Buffer.from(tag, 'base64url'));
      return Buffer.concat([decipher.update(Buffer.from(ciphertext, 'base64url')), decipher.final()]).toString('utf8');
    } catch (error) {
      throw unreadable('is damaged or belongs to another camera', error);
    }
  }
}

/** Whether a stored text came from `seal`. */
export function isSealed(text: string): boolean {
  return /^v1\.[0-9a-f]{8}\./.test(text);
}

function aadOf({ cameraId, field }: SecretPlace): Buffer {
  return Buffer.from(`camera:${cameraId}:${field}`, 'utf8');
}

function unreadable(fault: string, cause?: unknown): Error {
  return new AppError({ code: 'CAMERA.CREDENTIALS_UNREADABLE', values: { fault }, cause });
}
