import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { hashPassword, verifyPassword } from './password.hasher.js';
import { UserRepository } from './user.repository.js';

/**
 * Sees to it that ADMIN_USERNAME exists, so that somebody can log in after the first start.
 * A password set in the environment is the truth: a new one there takes effect at the next start (the way back in for whoever
 * forgot it), and the API refuses to change it. A password that was made up is only the first one: the API's word counts after that.
 * Its role is set at creation and left alone later.
 */
@Injectable()
export class AdminBootstrapService implements OnApplicationBootstrap {
  constructor(
    private readonly users: UserRepository,
    private readonly config: AppConfig,
    private readonly logger: AppLogger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { adminUsername: username, adminPassword: password, adminPasswordIsExplicit } = this.config.auth;
    if (!password) throw new Error('the admin password is not set: complete the secrets before the modules start');
    const existing = await this.users.findByUsername(username);
    if (!existing) {
      const inserted = await this.users.insertIfAbsent({
        username,
        passwordHash: await hashPassword(password),
        role: 'ADMIN',
      });
      if (inserted) this.logger.info('administrator created', { username });
      return;
    }
    if (!adminPasswordIsExplicit || (await verifyPassword(existing.passwordHash, password))) return;
    await this.users.updatePassword(existing.id, await hashPassword(password));
    this.logger.warn("the administrator's password was set from ADMIN_PASSWORD", { username });
  }
}
