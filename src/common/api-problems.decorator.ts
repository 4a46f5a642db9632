import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { type ErrorKind, KINDS } from './errors.js';
import type { Problem } from './problem.filter.js';

/** One documented error of an endpoint. */
export interface ProblemExample {
  status: number;
  code: string;
  detail: string;
}

const TYPICAL: Record<number, Omit<ProblemExample, 'status'>> = {
  400: { code: 'REQUEST.INVALID', detail: 'name must be a string' },
  401: { code: 'AUTH.NO_TOKEN', detail: 'Send the token of POST /auth/login as "Authorization: Bearer TOKEN".' },
  403: { code: 'AUTH.WRONG_ROLE', detail: 'This needs the role OPERATOR.' },
  404: { code: 'REQUEST.NOT_FOUND', detail: 'There is nothing with this id.' },
};

const PROBLEM_REF = { $ref: '#/components/schemas/Problem' };

/** The schema behind every documented error; `createOpenApiDocument` puts it into the document. */
export const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'RFC 9457 problem details. `code` is stable; `detail` is for people.',
  required: ['type', 'title', 'status', 'code', 'detail', 'instance'],
  properties: {
    type: { type: 'string', example: 'urn:hindsight:request.invalid' },
    title: { type: 'string', example: 'Bad request' },
    status: { type: 'integer', example: 400 },
    code: { type: 'string', example: 'REQUEST.INVALID' },
    detail: { type: 'string', example: 'name must be a string' },
    instance: { type: 'string', description: 'Path of the request', example: '/cameras' },
    errors: {
      type: 'array',
      description: 'Every faulty field, for bad input',
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: { field: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

/**
 * Documents the errors of an endpoint: `@ApiProblems(400, 404, { status: 409, code: 'PLAYBACK.WRONG_STATE', detail: '…' })`.
 * A bare status gets its typical example; several problems of one status become examples of one response.
 */
export function ApiProblems(...problems: (number | ProblemExample)[]): MethodDecorator & ClassDecorator {
  const byStatus = new Map<number, ProblemExample[]>();
  for (const problem of problems.map(exampleOf)) {
    byStatus.set(problem.status, [...(byStatus.get(problem.status) ?? []), problem]);
  }
  return applyDecorators(
    ...[...byStatus].map(([status, examples]) =>
      ApiResponse({ status, ...problemResponse(traitsOf(status)?.title ?? 'Error', examples) }),
    ),
  );
}

/** An OpenAPI response object with the Problem schema. */
export function problemResponse(description: string, examples: (number | ProblemExample)[] = []) {
  const named = Object.fromEntries(examples.map(exampleOf).map((one) => [one.code, { value: problemOf(one) }]));
  const content = { schema: PROBLEM_REF, ...(examples.length > 0 ? { examples: named } : {}) };
  return { description, content: { 'application/problem+json': content } };
}

function exampleOf(problem: number | ProblemExample): ProblemExample {
  if (typeof problem !== 'number') return problem;
  const traits = traitsOf(problem);
  const code = `REQUEST.${(traits?.kind ?? 'invalid').toUpperCase()}`;
  return { status: problem, code, detail: traits?.title ?? 'Error', ...TYPICAL[problem] };
}

function problemOf({ status, code, detail }: ProblemExample): Problem {
  const title = traitsOf(status)?.title ?? 'Error';
  return { type: `urn:hindsight:${code.toLowerCase()}`, title, status, code, detail, instance: '/…' };
}

function traitsOf(status: number): { kind: ErrorKind; title: string } | undefined {
  const kind = (Object.keys(KINDS) as ErrorKind[]).find((name) => KINDS[name].status === status);
  return kind && { kind, title: KINDS[kind].title };
}
