import { expect } from '@jest/globals';
import type { TestApp } from '../../support/http-app.js';

type Role = 'ADMIN' | 'OPERATOR' | 'VIEWER';

interface Documented {
  headers?: Record<string, unknown>;
  content?: Record<string, { schema?: unknown; examples?: Record<string, { value: { detail: string } }> }>;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  responses: Record<string, Documented>;
}

/** What the service really answered to an operation. */
export interface Recorded {
  operation: Operation;
  status: number;
  /** Parsed when it is JSON. */
  body: unknown;
  isProblem: boolean;
  /** What was sent as JSON. */
  sent: unknown;
}

interface CallOptions {
  /** Null: without a token. */
  as?: Role | null;
  path?: Record<string, string>;
  query?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Calls operations by their names, at the addresses that the document gives, and writes down what is answered. */
export class AnswerRecorder {
  readonly recorded: Recorded[] = [];
  readonly operations: Operation[];

  constructor(
    private readonly app: Pick<TestApp, 'url'>,
    private readonly tokens: Record<Role, string>,
    { paths }: { paths: Record<string, Record<string, { operationId: string; responses: Operation['responses'] }>> },
  ) {
    this.operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId, responses }]) => {
        return { id: operationId, method: method.toUpperCase(), path, responses };
      }),
    );
  }

  /** The answer must have this status, and the document must know it, its kind of content and its headers. */
  async expect(
    id: string,
    status: number,
    options: CallOptions = {},
  ): Promise<Record<string, ReturnType<typeof JSON.parse>>> {
    const operation = this.operations.find((one) => one.id === id);
    if (!operation) throw new Error(`the document has no operation ${id}`);
    const { as = 'ADMIN', path = {}, query = '', body, headers = {} } = options;
    const where = operation.path.replace(/\{(\w+)\}/g, (_blank, name: string) => encodeURIComponent(path[name]!));
    const response = await fetch(`${this.app.url}${where}${query}`, {
      method: operation.method,
      headers: {
        ...(as === null ? {} : { authorization: `Bearer ${this.tokens[as]}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const type = response.headers.get('content-type')?.split(';')[0];
    const documented = operation.responses[response.status];
    const about = `${id} ${text.slice(0, 300)}`;
    expect([about, response.status]).toEqual([about, status]);
    expect([about, Object.keys(documented?.content ?? {})]).toEqual([about, type === undefined ? [] : [type]]);
    // Whether it comes depends on what is known.
    const promised = Object.keys(documented?.headers ?? {}).filter((name) => name !== 'Retry-After');
    expect([about, promised.filter((name) => !response.headers.has(name))]).toEqual([about, []]);
    const parsed: unknown = type?.includes('json') ? JSON.parse(text) : text;
    this.recorded.push({
      ...{ operation, status, sent: body, body: parsed },
      isProblem: type === 'application/problem+json',
    });
    return parsed as Record<string, ReturnType<typeof JSON.parse>>;
  }
}
