import { Injectable } from '@nestjs/common';
import { ExtractJwt, Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import { AppConfig } from '../../config/app-config.js';
import type { AuthenticatedUser } from './current-user.decorator.js';
import { passwordVersion } from './password.hasher.js';
import { jwtKeyOf, TOKEN_ALGORITHM, TOKEN_ISSUER, type TokenClaims } from './token.service.js';
import { UserRepository } from './user.repository.js';

/** Checks a bearer token and loads its user: a deleted user, a new role or a new password takes effect at once. */
@Injectable()
export class JwtStrategy extends Strategy {
  constructor(users: UserRepository, config: AppConfig) {
    const options: StrategyOptionsWithoutRequest = {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      // Its types know texts and bytes only; it hands on whatever it is given.
      secretOrKey: jwtKeyOf(config) as unknown as Buffer,
      algorithms: [TOKEN_ALGORITHM],
      issuer: TOKEN_ISSUER,
    };
    super(options, (claims: TokenClaims, done) => {
      findCaller(users, claims).then((caller) => done(null, caller), done);
    });
  }
}

async function findCaller(users: UserRepository, { sub, pwv }: TokenClaims): Promise<AuthenticatedUser | false> {
  const user = await users.findById(sub);
  if (!user || passwordVersion(user.passwordHash) !== pwv) return false;
  return { id: user.id, username: user.username, role: user.role };
}
