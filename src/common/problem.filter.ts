import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { isDatabaseAway } from './database-away.js';
import { type ErrorCode, traitsOf, typeOf } from './error-catalogue.js';
import { KINDS } from './error-kinds.js';
import { AppError, type FieldFault } from './errors.js';
import { AppLogger } from './logging.js';

/** An error as clients see it: RFC 9457 with a stable `code` and, for bad input, every faulty field. */
export interface Problem {
  /** Where its code is explained. */
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail: string;
  instance: string;
  errors?: FieldFault[];
}

/** What an error of NestJS or Express is called, by its status. */
const CODE_OF_STATUS = new Map<number, ErrorCode>([
  [400, 'REQUEST.INVALID'],
  [401, 'REQUEST.UNAUTHENTICATED'],
  [403, 'REQUEST.FORBIDDEN'],
  [404, 'REQUEST.NOT_FOUND'],
  [409, 'REQUEST.CONFLICT'],
  [413, 'REQUEST.TOO_LARGE'],
  [416, 'REQUEST.RANGE_NOT_SATISFIABLE'],
  [429, 'REQUEST.TOO_MANY'],
]);

/** Turns whatever was thrown into `application/problem+json`; what nobody foresaw is logged whole and answered without its inside. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: AppLogger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const error = toAppError(thrown);
    if (error.kind === 'internal')
      this.logger.error('request failed', { err: thrown, method: request.method, path: request.path });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error.retryAfterSec !== undefined) response.setHeader('Retry-After', String(error.retryAfterSec));
    if (error.kind === 'unauthenticated') response.setHeader('WWW-Authenticate', 'Bearer');
    response
      .status(KINDS[error.kind].status)
      .type('application/problem+json')
      .send(JSON.stringify(toProblem(error, request)));
  }
}

function toProblem(error: AppError, request: Request): Problem {
  const { status, title } = KINDS[error.kind];
  return {
    type: typeOf(error.code),
    title,
    status,
    code: error.code,
    detail: error.message,
    instance: request.path,
    ...(error.fields.length > 0 ? { errors: error.fields } : {}),
  };
}

function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (isDatabaseAway(thrown)) return new AppError({ code: 'SERVICE.DATABASE_UNAVAILABLE', cause: thrown });
  const status = statusOf(thrown);
  if (status === undefined || status >= 500) return new AppError({ code: 'SERVICE.INTERNAL', cause: thrown });
  const code = CODE_OF_STATUS.get(status) ?? 'REQUEST.INVALID';
  const message = thrown instanceof Error ? thrown.message : KINDS[traitsOf(code).kind].title;
  return new AppError({ code, message, cause: thrown });
}

/** NestJS exceptions and the body parser's errors both carry a status. */
function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (thrown instanceof Error && 'status' in thrown && typeof thrown.status === 'number') return thrown.status;
  return undefined;
}
