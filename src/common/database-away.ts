import { AppError } from './errors.js';

/** Codes of Node and PostgreSQL (class 08 and 57P0x) for a connection that is lost or cannot be made. */
const AWAY = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|08\d{3}|57P0[123])$/;

/** Whether a query failed because there is no connection to the database. */
export function isDatabaseAway(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || thrown instanceof AppError) return false;
  const { code, driverError } = thrown as Error & { code?: unknown; driverError?: { code?: unknown } };
  const codes = [code, driverError?.code].filter((one) => typeof one === 'string');
  return (
    codes.some((one) => AWAY.test(one)) ||
    /^(Connection terminated|timeout exceeded when trying to connect)/.test(thrown.message)
  );
}
