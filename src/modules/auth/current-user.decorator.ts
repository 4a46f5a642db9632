import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { UserRole } from '../../schema/user.entity.js';

/** Who is calling, as the database said at the start of this request. */
export interface AuthenticatedUser {
  id: string;
  username: string;
  role: UserRole;
}

/** The caller of a route that needs a token: `@CurrentUser() user: AuthenticatedUser`. */
export const CurrentUser = createParamDecorator((_data: unknown, context: ExecutionContext): AuthenticatedUser => {
  const { user } = context.switchToHttp().getRequest<Request & { user?: AuthenticatedUser }>();
  if (!user) throw new Error('@CurrentUser() on a route without a token');
  return user;
});
