import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import type { FieldFault } from './errors.js';
import { type RouteInput, routeInputOf } from './route-input.js';
import { ANY_QUERY, TAKES_QUERY } from './takes-query.decorator.js';
import { invalidInput } from './validation.pipe.js';

/**
 * Headers by which a caller relies on something that is done, or not done, at most once. Where no handler asks for one it does nothing,
 * and the caller must hear so before the camera records twice.
 */
const PROMISES = ['idempotency-key', 'if-match', 'if-none-match', 'if-unmodified-since'] as const;
const SPELLINGS: Record<(typeof PROMISES)[number], string> = {
  'idempotency-key': 'Idempotency-Key',
  'if-match': 'If-Match',
  'if-none-match': 'If-None-Match',
  'if-unmodified-since': 'If-Unmodified-Since',
};

/**
 * Refuses what no handler would look at: query fields, a body, and headers that promise something. What has a DTO is left to the
 * validation pipe. It runs behind the guards, so that whoever may not be here learns nothing.
 */
@Injectable()
export class UnheededInputInterceptor implements NestInterceptor {
  private readonly known = new WeakMap<object, RouteInput>();

  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request>();
    const route = this.routeOf(context);
    const faults = [...queryFaults(request, route), ...bodyFaults(request, route), ...headerFaults(request, route)];
    if (faults.length > 0) throw invalidInput(faults);
    return next.handle();
  }

  private routeOf(context: ExecutionContext): RouteInput {
    const handler = context.getHandler();
    let route = this.known.get(handler);
    if (!route) {
      const input = routeInputOf(context.getClass(), handler.name);
      const taken = this.reflector.get<string[] | undefined>(TAKES_QUERY, handler) ?? [];
      route = { ...input, query: [...input.query, ...taken] };
      this.known.set(handler, route);
    }
    return route;
  }
}

function queryFaults({ originalUrl }: Request, { query, queryDto }: RouteInput): FieldFault[] {
  if (queryDto || query.includes(ANY_QUERY)) return [];
  const names = new Set(new URLSearchParams(originalUrl.split('?').slice(1).join('?')).keys());
  return [...names].filter((name) => !query.includes(name)).map(shouldNotExist);
}

function bodyFaults(request: Request, { body: takesBody }: RouteInput): FieldFault[] {
  if (takesBody) return [];
  const body: unknown = request.body;
  if (body === undefined) return hasUnreadBody(request) ? [NO_BODY] : [];
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return [NO_BODY];
  return Object.keys(body).map(shouldNotExist);
}

const NO_BODY: FieldFault = { field: 'body', message: 'body should not exist: this takes none' };

/** The body parser leaves everything alone that is not JSON. */
function hasUnreadBody({ headers }: Request): boolean {
  return (
    Number(headers['content-length'] ?? 0) > 0 ||
    (headers['transfer-encoding'] !== undefined && !!headers['content-type'])
  );
}

function headerFaults(request: Request, { headers }: RouteInput): FieldFault[] {
  // For reading, the conditional ones are a cache's own business.
  if (request.method === 'GET' || request.method === 'HEAD') return [];
  return PROMISES.filter((name) => request.headers[name] !== undefined && !headers.includes(name)).map((name) => ({
    field: SPELLINGS[name],
    message: `${SPELLINGS[name]} does nothing here: send the request without it`,
  }));
}

/** In the words of the validation pipe. */
function shouldNotExist(field: string): FieldFault {
  return { field, message: `property ${field} should not exist` };
}
