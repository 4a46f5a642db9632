import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { AppError, type FieldFault } from './errors.js';

/** Checks bodies and queries against their DTO: unknown fields are refused, every fault is named. */
export function createValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: false,
    exceptionFactory: (errors) => invalidInput(errors.flatMap((error) => fieldFaults(error))),
  });
}

export function invalidInput(fields: FieldFault[]): AppError {
  return new AppError({
    code: 'REQUEST.INVALID',
    message: fields.map(({ message }) => message).join('; '),
    fields,
  });
}

function fieldFaults(error: ValidationError, path = ''): FieldFault[] {
  const field = path ? `${path}.${error.property}` : error.property;
  const own = Object.values(error.constraints ?? {}).map((message) => ({
    field,
    message: path ? `${path}.${message}` : message,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldFaults(child, field))];
}
