import { isDatabaseAway } from '../../common/database-away.js';
import { AppError, messageOf } from '../../common/errors.js';

/** PostgreSQL's words for a login that it refuses: invalid_password, invalid_authorization_specification. */
const LOGIN_REFUSED = new Set(['28P01', '28000']);
/** invalid_catalog_name: the server has no database of this name. */
const NO_DATABASE = '3D000';

/**
 * Why a database cannot be used, by `code`: `DATABASE.LOGIN_REFUSED` and `DATABASE.MISSING` stay so until somebody mends them,
 * `DATABASE.UNREACHABLE` is worth another attempt. Names the server and the database, never the user or the password.
 */
export function connectFault(error: unknown, url: string): AppError {
  const { host, pathname } = new URL(url);
  const database = `${host}${pathname}`;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && LOGIN_REFUSED.has(code)) {
    return new AppError({ code: 'DATABASE.LOGIN_REFUSED', values: { database } });
  }
  if (code === NO_DATABASE) {
    return new AppError({ code: 'DATABASE.MISSING', values: { database } });
  }
  const reason = messageOf(error) || 'no answer';
  const fault = new AppError({ code: 'DATABASE.UNREACHABLE', values: { database, reason } });
  // Each attempt is logged with it; where in the code it was noticed helps nobody.
  fault.stack = fault.message;
  return fault;
}

/** Why a database could not be brought up to date; only a connection that was lost meanwhile is worth another attempt. */
export function migrationFault(error: unknown, url: string): AppError {
  if (isDatabaseAway(error)) return connectFault(error, url);
  const { host, pathname } = new URL(url);
  const values = { database: `${host}${pathname}`, reason: messageOf(error) };
  return new AppError({ code: 'DATABASE.MIGRATION_FAILED', values, cause: error });
}

/** Whether the next attempt may go better. */
export function isWorthRetrying(error: unknown): boolean {
  return error instanceof AppError && error.retryable;
}
