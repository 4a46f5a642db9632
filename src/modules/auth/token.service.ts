import { createSecretKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AppConfig } from '../../config/app-config.js';
import type { User } from '../../schema/user.entity.js';
import { passwordVersion } from './password.hasher.js';

export const TOKEN_ISSUER = 'hindsight';
export const TOKEN_ALGORITHM = 'HS256';

/** What a token says. No role: the row has it, and may have changed. */
export interface TokenClaims {
  /** The user's id. */
  sub: string;
  /** See `passwordVersion`. */
  pwv: string;
}

const UNIT_SEC = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Gives out access tokens. */
@Injectable()
export class TokenService {
  readonly lifeSec: number;

  constructor(
    private readonly jwt: JwtService,
    config: AppConfig,
  ) {
    this.lifeSec = parseDurationSec(config.auth.jwtExpiresIn);
  }

  async issue(user: User): Promise<string> {
    const claims: TokenClaims = { sub: user.id, pwv: passwordVersion(user.passwordHash) };
    return this.jwt.signAsync(claims, { algorithm: TOKEN_ALGORITHM, issuer: TOKEN_ISSUER, expiresIn: this.lifeSec });
  }
}

/** Seconds of a duration like `15m`, `24h` or `7d`; the configuration has checked its form. */
export function parseDurationSec(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) throw new Error(`not a duration: "${text}"`);
  return Number(count) * UNIT_SEC[unit as keyof typeof UNIT_SEC];
}

/**
 * The key that signs and checks tokens. It is made once: handed a text, `jsonwebtoken` takes it for a public key first at each request, and
 * fails, which takes ten times as long as the check itself.
 */
export function jwtKeyOf(config: AppConfig): KeyObject {
  if (!config.auth.jwtSecret)
    throw new Error('the JWT secret is not set: complete the secrets before the modules start');
  return createSecretKey(Buffer.from(config.auth.jwtSecret));
}
