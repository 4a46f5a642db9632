import { SetMetadata } from '@nestjs/common';
import type { UserRole } from '../../schema/user.entity.js';

export const ROLES_KEY = 'hindsight:roles';

/**
 * Who may call a route. Roles are ranks: ADMIN may do whatever OPERATOR may, OPERATOR whatever VIEWER may, so the lowest role named decides.
 * Without it, everybody with a token may read (GET, HEAD) and everything else needs OPERATOR.
 */
export const Roles = (...roles: [UserRole, ...UserRole[]]) => SetMetadata(ROLES_KEY, roles);
