import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { isDatabaseAway } from './database-away.js';
import { AppError, type ErrorKind, type FieldFault, KINDS } from './errors.js';
import { AppLogger } from './logging.js';

/** An error as clients see it: RFC 9457 with a stable `code` and, for bad input, every faulty field. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  instance: string;
  errors?: FieldFault[];
}

const KIND_OF_STATUS = new Map<number, ErrorKind>(
  (Object.keys(KINDS) as ErrorKind[]).map((kind) => [KINDS[kind].status, kind]),
);

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
    type: `urn:hindsight:${error.code.toLowerCase()}`,
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
  if (isDatabaseAway(thrown)) {
    const message = 'The database cannot be reached now; nothing was changed. Try again.';
    return new AppError({
      code: 'SERVICE.DATABASE_UNAVAILABLE',
      kind: 'unavailable',
      message,
      retryAfterSec: 5,
      cause: thrown,
    });
  }
  const status = statusOf(thrown);
  if (status !== undefined && status < 500) {
    const kind = KIND_OF_STATUS.get(status) ?? 'invalid';
    const message = thrown instanceof Error ? thrown.message : KINDS[kind].title;
    return new AppError({ code: `REQUEST.${kind.toUpperCase()}`, kind, message, cause: thrown });
  }
  return new AppError({
    code: 'SERVICE.INTERNAL',
    kind: 'internal',
    message: 'Something went wrong inside the service; its log says what.',
    cause: thrown,
  });
}

/** NestJS exceptions and the body parser's errors both carry a status. */
function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (thrown instanceof Error && 'status' in thrown && typeof thrown.status === 'number') return thrown.status;
  return undefined;
}
