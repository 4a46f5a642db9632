import type { NextFunction, Request, Response } from 'express';
import { AppError } from './common/errors.js';
import { invalidInput } from './common/validation.pipe.js';

/** Deeper than any sensible metadata, far from where recursive code runs out of stack. */
const MAX_DEPTH = 32;
/** PostgreSQL holds neither NUL nor half a surrogate pair, in text or in JSON. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Middleware behind the body parser: says in our own words what it says in those of the JSON engine, which quotes the body. */
export function translateBodyError(error: unknown, _request: Request, _response: Response, next: NextFunction): void {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large') {
    const { limit: maxBytes = 0 } = error as { limit?: number };
    next(new AppError({ code: 'REQUEST.TOO_LARGE', values: { maxBytes } }));
  } else if (type === 'entity.parse.failed') {
    next(invalidInput([{ field: 'body', message: 'the body is not valid JSON' }]));
  } else {
    next(error);
  }
}

/** Middleware for processes without the API: they answer for themselves and for nothing else. */
export function onlyOwnState(request: Request, _response: Response, next: NextFunction): void {
  if (/^\/(health|metrics)(\/|$)/.test(request.path)) return next();
  const message = 'This process has no API (its ROLE is another): ask one with ROLE=api or ROLE=all.';
  next(new AppError({ code: 'REQUEST.NOT_FOUND', message }));
}

/** How far a service that was told to stop has come. */
export interface StopState {
  /** It was told to: readiness says so. */
  leaving: boolean;
  /** It takes no new trigger. */
  stopping: boolean;
}

/**
 * Middleware for a service that stops: balancers hear at once that it is going, whatever its checks say, and later it takes no new trigger.
 * Everything else is answered until the listener closes: an event that ends now should end.
 */
export function refuseWhileStopping(state: StopState) {
  return ({ method, path }: Request, response: Response, next: NextFunction): void => {
    if (!state.leaving && !state.stopping) return next();
    if (state.stopping && method === 'POST' && /^\/(events|playbacks)\/?$/i.test(path))
      return next(new AppError({ code: 'SERVICE.STOPPING' }));
    if (!/^\/health\/ready\/?$/i.test(path)) return next();
    const checks = { service: { ok: false, detail: 'is being stopped' } };
    response.status(503).setHeader('Cache-Control', 'no-store').json({ status: 'unavailable', checks });
  };
}

/** Middleware that refuses, before any handler sees it, text that the database could not store. */
export function refuseUnstorable(request: Request, _response: Response, next: NextFunction): void {
  const fault = /%00/.test(request.url) ? 'the address holds a NUL character' : faultOf(request.body, 0);
  next(fault === undefined ? undefined : invalidInput([{ field: 'body', message: fault }]));
}

function faultOf(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string')
    return UNSTORABLE.test(value) ? 'a text holds a NUL character or half a character' : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= MAX_DEPTH) return `the body is nested more than ${MAX_DEPTH} levels deep`;
  for (const [key, child] of Object.entries(value)) {
    const fault = faultOf(key, depth) ?? faultOf(child, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
