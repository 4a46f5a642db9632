import { AppError } from '../../../common/errors.js';

const UNREACHABLE: Record<string, string> = {
  ECONNREFUSED: 'refused the connection: is the port right and the service switched on?',
  EHOSTUNREACH: 'cannot be reached: is it powered and on this network?',
  ENETUNREACH: 'cannot be reached: this machine has no route to its network.',
  ETIMEDOUT: 'did not answer: is it powered and on this network?',
};

/** Translates a failed connection to `where` (host:port). */
export function unreachable(where: string, cause: unknown): AppError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'ETIMEDOUT';
  const fault = UNREACHABLE[code] ?? `cannot be reached (${code}).`;
  return new AppError({ code: 'CAMERA.UNREACHABLE', values: { where, fault }, cause });
}
