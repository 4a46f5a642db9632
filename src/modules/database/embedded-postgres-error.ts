import { AppError } from '../../common/errors.js';

/** `DATABASE.EMBEDDED_FAILED`: the message ends with the server's last words where there are any. */
export function embeddedFailed(message: string, cause?: unknown): AppError {
  return new AppError({ code: 'DATABASE.EMBEDDED_FAILED', message, cause });
}
