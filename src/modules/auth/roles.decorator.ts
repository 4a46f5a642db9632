import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import type { UserRole } from '../../schema/user.entity.js';

export const ROLES_KEY = 'hindsight:roles';

/** Roles are ranks: ADMIN may do whatever OPERATOR may, OPERATOR whatever VIEWER may. */
export const RANK: Record<UserRole, number> = { VIEWER: 0, OPERATOR: 1, ADMIN: 2 };

/**
 * Who may call a route; the lowest role named decides. Without it, everybody with a token may read (GET, HEAD) and everything else needs
 * OPERATOR.
 */
export const Roles = (...roles: [UserRole, ...UserRole[]]): MethodDecorator & ClassDecorator => {
  const role = lowestRole(roles);
  const refusal = { code: 'AUTH.WRONG_ROLE', values: { role } } as const;
  return applyDecorators(SetMetadata(ROLES_KEY, roles), ...(RANK[role] > RANK.VIEWER ? [ApiProblems(refusal)] : []));
};

export function lowestRole([first, ...others]: [UserRole, ...UserRole[]]): UserRole {
  return others.reduce((lowest, role) => (RANK[role] < RANK[lowest] ? role : lowest), first);
}
