import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { AppError } from '../../common/errors.js';
import type { UserRole } from '../../schema/user.entity.js';
import type { AuthenticatedUser } from './current-user.decorator.js';
import { PUBLIC_KEY } from './public.decorator.js';
import { lowestRole, RANK, ROLES_KEY } from './roles.decorator.js';

const READS = new Set(['GET', 'HEAD']);

/** Holds `@Roles()` against the role in the caller's row. Runs behind JwtAuthGuard. */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC_KEY, targets)) return true;
    const { method, user } = context.switchToHttp().getRequest<Request & { user?: AuthenticatedUser }>();
    const roles = this.reflector.getAllAndOverride<[UserRole, ...UserRole[]] | undefined>(ROLES_KEY, targets);
    const needed = roles ? lowestRole(roles) : READS.has(method) ? 'VIEWER' : 'OPERATOR';
    if (user && RANK[user.role] >= RANK[needed]) return true;
    throw new AppError({ code: 'AUTH.WRONG_ROLE', values: { role: needed } });
  }
}
