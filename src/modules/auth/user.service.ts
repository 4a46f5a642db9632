import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { User } from '../../schema/user.entity.js';
import type { AuthenticatedUser } from './current-user.decorator.js';
import { hashPassword } from './password.hasher.js';
import { PasswordWork } from './password-work.js';
import type { CreateUserDto, UpdateUserDto } from './user.dto.js';
import { UserRepository } from './user.repository.js';

/** Users are managed by administrators; there is always one left. */
@Injectable()
export class UserService {
  constructor(
    private readonly users: UserRepository,
    private readonly passwords: PasswordWork,
    private readonly config: AppConfig,
    private readonly logger: AppLogger,
  ) {}

  async list(): Promise<User[]> {
    return this.users.findAll();
  }

  async create({ username, password, role }: CreateUserDto, by: AuthenticatedUser): Promise<User> {
    const user = await this.users.insert({ username, passwordHash: await this.hash(password), role });
    this.logger.info('user created', { userId: user.id, role, byUserId: by.id });
    return user;
  }

  async update(id: string, { role, password }: UpdateUserDto, by: AuthenticatedUser): Promise<User> {
    const passwordHash = password === undefined ? undefined : await this.hash(password);
    const updated = await this.users.withAdminsLocked(id, async (user, { manager, isLastAdmin }) => {
      if (!user) throw notFound(id);
      if (role !== undefined && role !== 'ADMIN' && isLastAdmin) throw new AppError({ code: 'AUTH.LAST_ADMIN' });
      if (passwordHash !== undefined && this.isManagedByEnvironment(user))
        throw new AppError({ code: 'AUTH.PASSWORD_MANAGED' });
      return manager.save(Object.assign(user, role && { role }, passwordHash && { passwordHash }));
    });
    this.logger.info('user changed', {
      userId: id,
      role: updated.role,
      newPassword: password !== undefined,
      byUserId: by.id,
    });
    return updated;
  }

  async delete(id: string, by: AuthenticatedUser): Promise<void> {
    await this.users.withAdminsLocked(id, async (user, { manager, isLastAdmin }) => {
      if (!user) throw notFound(id);
      if (id === by.id) throw new AppError({ code: 'AUTH.OWN_USER' });
      if (isLastAdmin) throw new AppError({ code: 'AUTH.LAST_ADMIN' });
      await manager.delete(User, { id });
    });
    this.logger.info('user deleted', { userId: id, byUserId: by.id });
  }

  private hash(password: string): Promise<string> {
    return this.passwords.run(() => hashPassword(password));
  }

  /** The next start would set it back: see AdminBootstrapService. */
  private isManagedByEnvironment({ username }: User): boolean {
    return this.config.auth.adminPasswordIsExplicit && username === this.config.auth.adminUsername;
  }
}

function notFound(id: string): AppError {
  return new AppError({ code: 'AUTH.USER_NOT_FOUND', values: { id } });
}
