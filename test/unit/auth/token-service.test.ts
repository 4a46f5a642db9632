import { KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { JwtService } from '@nestjs/jwt';
import { loadConfig } from '../../../src/config/app-config.js';
import { jwtKeyOf, parseDurationSec, TokenService } from '../../../src/modules/auth/token.service.js';
import type { User } from '../../../src/schema/user.entity.js';

const SECRET = 's'.repeat(32);
const USER: User = { id: 'u1', username: 'porter', passwordHash: 'hash', role: 'ADMIN', createdAt: new Date() };

describe('TokenService', () => {
  it('signs id and password version, for as long as configured, and nothing else', async () => {
    const jwt = new JwtService({ secret: SECRET });
    const tokens = new TokenService(jwt, loadConfig({ JWT_EXPIRES_IN: '15m' }));
    const [header, payload] = (await tokens.issue(USER))
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(header!)).toEqual({ alg: 'HS256', typ: 'JWT' });
    const claims = JSON.parse(payload!) as { iat: number };
    expect(claims).toEqual({
      sub: 'u1',
      pwv: expect.any(String),
      iss: 'hindsight',
      iat: expect.any(Number),
      exp: claims.iat + 900,
    });
    expect(tokens.lifeSec).toBe(900);
  });
});

describe('parseDurationSec', () => {
  it.each([
    ['30s', 30],
    ['15m', 900],
    ['24h', 86_400],
    ['7d', 604_800],
  ])('%s is %d seconds', (text, sec) => expect(parseDurationSec(text)).toBe(sec));

  it.each(['24', 'h', '1.5h', '1w', ''])('refuses "%s"', (text) => {
    expect(() => parseDurationSec(text)).toThrow('not a duration');
  });
});

describe('jwtKeyOf', () => {
  it('is a key that need not be made again for each request, and that other processes with the secret have too', async () => {
    const key = jwtKeyOf(loadConfig({ JWT_SECRET: SECRET }));
    expect(key).toBeInstanceOf(KeyObject);
    const token = await new JwtService({ secret: SECRET }).signAsync({ sub: 'u1' });
    expect(await new JwtService({ secret: key }).verifyAsync(token)).toMatchObject({ sub: 'u1' });
  });

  it('never signs without a secret', () => {
    expect(() => jwtKeyOf(loadConfig({}))).toThrow('the JWT secret is not set');
  });
});
