import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { AppError } from '../../common/errors.js';
import { User, type UserRole } from '../../schema/user.entity.js';

const UNIQUE_VIOLATION = '23505';

export interface NewUser {
  username: string;
  passwordHash: string;
  role: UserRole;
}

@Injectable()
export class UserRepository {
  constructor(private readonly dataSource: DataSource) {}

  async findById(id: string): Promise<User | null> {
    return this.dataSource.getRepository(User).findOneBy({ id });
  }

  async findByUsername(username: string): Promise<User | null> {
    return this.dataSource.getRepository(User).findOneBy({ username });
  }

  async findAll(): Promise<User[]> {
    return this.dataSource.getRepository(User).find({ order: { username: 'ASC' } });
  }

  /** @throws AppError `AUTH.USERNAME_TAKEN` */
  async insert(user: NewUser): Promise<User> {
    const repository = this.dataSource.getRepository(User);
    try {
      return await repository.save(repository.create(user));
    } catch (error) {
      if (isUniqueViolation(error)) throw usernameTaken(user.username, error);
      throw error;
    }
  }

  /** Whether it was inserted: false when another process, or an earlier start, was first. */
  async insertIfAbsent(user: NewUser): Promise<boolean> {
    const result = await this.dataSource
      .createQueryBuilder()
      .insert()
      .into(User)
      .values(user)
      .orIgnore()
      .returning('id')
      .execute();
    return (result.raw as unknown[]).length > 0;
  }

  async updatePassword(id: string, passwordHash: string): Promise<void> {
    await this.dataSource.getRepository(User).update({ id }, { passwordHash });
  }

  /**
   * Runs `change` on a user while no other change of an administrator can happen, so that two of them cannot remove each other.
   * @returns what `change` returned; it gets null for an unknown id
   */
  async withAdminsLocked<T>(
    id: string,
    change: (user: User | null, context: { manager: EntityManager; isLastAdmin: boolean }) => Promise<T>,
  ): Promise<T> {
    return this.dataSource.transaction(async (manager) => {
      const admins = await manager
        .createQueryBuilder(User, 'user')
        .setLock('pessimistic_write')
        .where({ role: 'ADMIN' })
        .orderBy('user.id')
        .getMany();
      const user = await manager.findOneBy(User, { id });
      return change(user, { manager, isLastAdmin: admins.length === 1 && admins[0]?.id === id });
    });
  }
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof QueryFailedError && (error.driverError as { code?: string }).code === UNIQUE_VIOLATION;
}

function usernameTaken(username: string, cause: unknown): AppError {
  return new AppError({
    code: 'AUTH.USERNAME_TAKEN',
    values: { username },
    cause,
  });
}
