import { AppError } from '../../common/errors.js';

export function notFound(key: string): AppError {
  return new AppError({
    code: 'STORAGE.NOT_FOUND',
    kind: 'not_found',
    message: `There is no object "${key}" in the store.`,
  });
}

export function badRange(sizeBytes?: number): AppError {
  const size = sizeBytes === undefined ? '' : ` The object has ${sizeBytes} bytes.`;
  return new AppError({
    code: 'STORAGE.BAD_RANGE',
    kind: 'range_not_satisfiable',
    message: `The range starts behind the end of the object.${size}`,
  });
}

export function mismatch(what: string): AppError {
  return new AppError({ code: 'STORAGE.MISMATCH', kind: 'internal', fault: 'service', message: what });
}

export function uploadGone(): AppError {
  return new AppError({
    code: 'STORAGE.UPLOAD_GONE',
    kind: 'unavailable',
    fault: 'destination',
    message: 'The upload was ended from elsewhere, and its parts are gone: it has to begin again.',
  });
}

export function cancelled(): AppError {
  return new AppError({
    code: 'STORAGE.CANCELLED',
    kind: 'unavailable',
    fault: 'service',
    message: 'The transfer was cancelled before it was done.',
  });
}

export function unavailable(message: string, cause?: unknown): AppError {
  return new AppError({ code: 'STORAGE.UNAVAILABLE', kind: 'unavailable', fault: 'destination', message, cause });
}

export function denied(message: string, cause?: unknown): AppError {
  return new AppError({ code: 'STORAGE.DENIED', kind: 'upstream', fault: 'destination', message, cause });
}

export function rejected(message: string, cause?: unknown): AppError {
  return new AppError({ code: 'STORAGE.REJECTED', kind: 'conflict', fault: 'destination', message, cause });
}
