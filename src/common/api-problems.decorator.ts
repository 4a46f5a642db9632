import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { RETRY_AFTER, UNSATISFIED_RANGE, WWW_AUTHENTICATE } from './api-headers.js';
import { type ErrorCode, ERRORS, traitsOf, typeOf } from './error-catalogue.js';
import { type ErrorKind, KINDS } from './error-kinds.js';
import type { Problem } from './problem.filter.js';

/** A documented error: its code, and what stands in the blanks of its sentence where that is not the usual example. */
export type DocumentedError = ErrorCode | { code: ErrorCode; values: Record<string, string | number> };

/** What stands in the blanks of the sentences in examples. */
const EXAMPLES: Record<string, string | number> = {
  id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
  username: 'porter',
  seconds: 42,
  hours: 24,
  address: '203.0.113.9',
  host: 'camera-3.lan',
  reason: 'ENETUNREACH',
  answer: '403 AccessDenied',
  recordingStatus: 'COMPLETED',
  what: 'video',
  sizeBytes: 1_048_576,
  maxQueued: 1_000,
  maxCharacters: 126,
  maxDays: 366,
  most: '31 days',
  maxGroups: 10_000,
  cameras: 'Yard',
  lock: '0f5b6f0e-3f0c-4f43-9d0b-7c6f1f0a2b11',
  why: 'asked for by the police',
  fault: 'at must be a time of the clock like 02:30.',
  timeZone: 'Europe/Berln',
  version: 4,
  status: 'completed',
};

/** Clients may be told to come back with these. */
const RETRIED = new Set<ErrorKind>(['conflict', 'too_many', 'unavailable']);

/**
 * Documents the errors of an endpoint: `@ApiProblems('REQUEST.INVALID', 'CAMERA.NOT_FOUND', 'CAMERA.BUSY')`. Those of one status become
 * examples of one response.
 */
export function ApiProblems(...errors: DocumentedError[]): MethodDecorator & ClassDecorator {
  const byKind = new Map<ErrorKind, DocumentedError[]>();
  for (const error of errors) {
    const { kind } = traitsOf(codeOf(error));
    byKind.set(kind, [...(byKind.get(kind) ?? []), error]);
  }
  return applyDecorators(
    ...[...byKind].map(([kind, same]) => ApiResponse({ status: KINDS[kind].status, ...problemResponse(same) })),
  );
}

/** An OpenAPI response object for errors of one status. */
export function problemResponse(errors: DocumentedError[]) {
  const codes = errors.map(codeOf);
  const { kind } = traitsOf(codes[0]!);
  const headers = {
    ...(RETRIED.has(kind) && codes.some((code) => traitsOf(code).retry) ? RETRY_AFTER : {}),
    ...(kind === 'unauthenticated' ? WWW_AUTHENTICATE : {}),
    ...(kind === 'range_not_satisfiable' ? UNSATISFIED_RANGE : {}),
  };
  const examples = Object.fromEntries(errors.map((error) => [codeOf(error), { value: exampleOf(error) }]));
  return {
    description: `${KINDS[kind].title}: ${codes.map((code) => `\`${code}\``).join(', ')}`,
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples } },
  };
}

function exampleOf(error: DocumentedError): Problem {
  const code = codeOf(error);
  const values = typeof error === 'string' ? EXAMPLES : error.values;
  const { status, title } = KINDS[traitsOf(code).kind];
  const detail = ERRORS[code].says.replace(/\{(\w+)\}/g, (blank, name: string) => String(values[name] ?? blank));
  return { type: typeOf(code), title, status, code, detail, instance: '/…' };
}

function codeOf(error: DocumentedError): ErrorCode {
  return typeof error === 'string' ? error : error.code;
}
