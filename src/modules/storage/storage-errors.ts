import { sentenceOf } from '../../common/error-catalogue.js';
import { AppError } from '../../common/errors.js';

export function notFound(key: string): AppError {
  return new AppError({
    code: 'STORAGE.NOT_FOUND',
    values: { key },
  });
}

export function badRange(sizeBytes?: number): AppError {
  if (sizeBytes === undefined) return new AppError({ code: 'STORAGE.BAD_RANGE' });
  const size = ` The object has ${sizeBytes} bytes.`;
  return new AppError({
    code: 'STORAGE.BAD_RANGE',
    message: `${sentenceOf({ code: 'STORAGE.BAD_RANGE' })}${size}`,
  });
}

export function mismatch(what: string): AppError {
  return new AppError({ code: 'STORAGE.MISMATCH', message: what });
}

export function uploadGone(): AppError {
  return new AppError({ code: 'STORAGE.UPLOAD_GONE' });
}

export function cancelled(): AppError {
  return new AppError({ code: 'STORAGE.CANCELLED' });
}

export function unavailable(message: string, cause?: unknown): AppError {
  return new AppError({ code: 'STORAGE.UNAVAILABLE', message, cause });
}

export function denied(message: string, cause?: unknown): AppError {
  return new AppError({ code: 'STORAGE.DENIED', message, cause });
}

export function rejected(message: string, cause?: unknown): AppError {
  return new AppError({ code: 'STORAGE.REJECTED', message, cause });
}
