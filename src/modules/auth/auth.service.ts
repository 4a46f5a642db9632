import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import type { UserRole } from '../../schema/user.entity.js';
import { verifyPassword } from './password.hasher.js';
import { TokenService } from './token.service.js';
import { UserRepository } from './user.repository.js';

export interface LoginResult {
  accessToken: string;
  tokenType: 'Bearer';
  expiresIn: number;
  role: UserRole;
}

@Injectable()
export class AuthService {
  constructor(
    private readonly users: UserRepository,
    private readonly tokens: TokenService,
    private readonly logger: AppLogger,
  ) {}

  /** @throws AppError `AUTH.WRONG_CREDENTIALS`, the same for an unknown user and a wrong password */
  async login(username: string, password: string, address: string): Promise<LoginResult> {
    const user = await this.users.findByUsername(username);
    if (!(await verifyPassword(user?.passwordHash, password)) || !user) {
      // Not the name that was sent: people type their password into the wrong field.
      this.logger.warn('login refused', { userId: user?.id ?? null, address });
      throw wrongCredentials();
    }
    this.logger.info('login', { userId: user.id, address });
    const accessToken = await this.tokens.issue(user);
    return { accessToken, tokenType: 'Bearer', expiresIn: this.tokens.lifeSec, role: user.role };
  }
}

function wrongCredentials(): AppError {
  return new AppError({ code: 'AUTH.WRONG_CREDENTIALS' });
}
