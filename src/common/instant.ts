import type { TransformFnParams } from 'class-transformer';
import { isISO8601 } from 'class-validator';

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

/**
 * For `@Transform`: a Date, or what was given when it is no instant, so that the validator says so.
 * Without an offset it would mean the server's own zone, so that is refused too (a bare date is midnight UTC).
 */
export function parseInstant({ value }: Pick<TransformFnParams, 'value'>): unknown {
  if (typeof value !== 'string' || !INSTANT.test(value) || !isISO8601(value, { strict: true })) return value;
  return new Date(value);
}
