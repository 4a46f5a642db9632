/** What other modules may use of this one, beside its NestJS module. */
export { CurrentUser, type AuthenticatedUser } from './current-user.decorator.js';
export { JwtAuthGuard } from './jwt-auth.guard.js';
export { Public } from './public.decorator.js';
export { Roles } from './roles.decorator.js';
