import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { lintFromString, loadConfig } from '@redocly/openapi-core';
import { AppModule } from '../../src/app.module.js';
import { createLogger } from '../../src/common/logging.js';
import { ERROR_CODES } from '../../src/common/error-catalogue.js';
import { loadConfig as loadSettings } from '../../src/config/app-config.js';
import { describeModule, formatOpenApi } from '../../src/openapi.js';

const PATH = new URL('../../docs/openapi.json', import.meta.url);

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
let document: OpenAPIObject;
let operations: [name: string, operation: Operation][];

beforeAll(async () => {
  document = await describeModule(AppModule.of(loadSettings({}), createLogger('silent')));
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(
      ([method, one]) => [`${method.toUpperCase()} ${path}`, one] as [string, Operation],
    ),
  );
});

const namesOf = (matches: (operation: Operation) => boolean) =>
  operations.filter(([, one]) => matches(one)).map(([name]) => name);

describe('the OpenAPI document', () => {
  it('is the one in docs/openapi.json: after a change of the API run `npm run openapi`', () => {
    const text = formatOpenApi(document);
    if (process.env['UPDATE_OPENAPI']) writeFileSync(PATH, text);
    expect(text).toBe(readFileSync(PATH, 'utf8'));
  });

  it('has a summary, a tag and a described success for every endpoint', () => {
    const tags = new Set(document.tags?.map(({ name }) => name));
    expect(operations.length).toBeGreaterThan(20);
    expect(namesOf(({ summary }) => !summary)).toEqual([]);
    expect(namesOf(({ tags: own = [] }) => own.length !== 1 || !tags.has(own[0]!))).toEqual([]);
    expect(namesOf(({ responses }) => !Object.keys(responses).some((status) => /^[23]\d\d$/.test(status)))).toEqual([]);
  });

  it('tells the errors of every endpoint', () => {
    expect(namesOf(({ requestBody, responses }) => requestBody !== undefined && !('400' in responses))).toEqual([]);
    const withId = operations.filter(([name]) => name.includes('{id}'));
    expect(withId.filter(([, { responses }]) => !('404' in responses)).map(([name]) => name)).toEqual([]);
    expect(withId.filter(([, { responses }]) => !('400' in responses)).map(([name]) => name)).toEqual([]);
  });

  it('lets nobody in without a token but where it must', () => {
    const isOpen = ({ security = [] }: Operation) =>
      security.some((requirement) => Object.keys(requirement).length === 0);
    const media = /^(GET|HEAD) \/(playbacks\/\{id\}\/|cameras\/\{id\}\/footage\/(playlist|init|segment))/;
    expect(
      namesOf(isOpen)
        .filter((name) => !media.test(name))
        .sort(),
    ).toEqual(['GET /health/live', 'GET /health/ready', 'POST /auth/login']);
    expect(document.security).toEqual([{ bearer: [] }]);
  });

  it('has a verb, and one name, for every operation, since clients are generated from them', () => {
    const verb =
      /^(cancel|create|delete|discover|download|end|get|list|login|preview|probe|retry|start|stop|update)([A-Z][A-Za-z]+)?$/;
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(ids.filter((id) => !verb.test(id ?? ''))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says of every write which role it needs', () => {
    const isWrite = (name: string) => !name.startsWith('GET') && name !== 'POST /auth/login';
    const roleOf = ({ responses }: Operation) =>
      /the role (\w+)/.exec(JSON.stringify((responses as Record<string, unknown>)['403']) ?? '')?.[1] ?? '';
    const roles = operations.map(([name, one]) => [name, roleOf(one)] as const);
    expect(roles.filter(([name, role]) => isWrite(name) && role === '')).toEqual([]);
    const admin = roles.filter(([, role]) => role === 'ADMIN').map(([name]) => name);
    expect(admin.filter((name) => !/ \/(users|cameras|retention)/.test(name))).toEqual([]);
    expect(admin).toContain('GET /users');
    expect(roles).toContainEqual(['POST /events', 'OPERATOR']);
  });

  it('describes and types every parameter, and says what every answer holds', () => {
    const parameters = operations.flatMap(([name, { parameters = [] }]) =>
      parameters.map((one) => [name, one as { description?: string; schema?: object }] as const),
    );
    expect(parameters.length).toBeGreaterThan(40);
    expect(parameters.filter(([, { description, schema }]) => !description || !isTyped(schema))).toEqual([]);
    const answers = operations.flatMap(([name, { responses }]) =>
      Object.entries(
        responses as Record<string, { description?: string; content?: Record<string, { schema?: object }> }>,
      )
        .filter(([status]) => status !== '204' && status !== '304')
        .map(([status, answer]) => [`${name} ${status}`, answer] as const),
    );
    expect(answers.filter(([, { description }]) => !description)).toEqual([]);
    const schemas = answers.map(([name, { content = {} }]) => [name, Object.values(content)] as const);
    expect(schemas.filter(([, [first]]) => !isTyped(first?.schema)).map(([name]) => name)).toEqual([]);
  });

  it('fills every blank of its examples', () => {
    const blanks = JSON.stringify(document.paths).matchAll(/"detail":"[^"]*\{\w+\}/g);
    expect([...blanks].map(([detail]) => detail)).toEqual([]);
  });

  it('names the headers that a client needs', () => {
    const headersOf = (name: string, status: number) => {
      const [, one] = operations.find(([other]) => other === name)!;
      const answer = (one.responses as Record<string, { headers?: object }>)[status];
      return Object.keys(answer?.headers ?? {});
    };
    expect(headersOf('GET /playbacks/{id}/video', 200)).toEqual(expect.arrayContaining(['ETag', 'Accept-Ranges']));
    expect(headersOf('GET /playbacks/{id}/video', 206)).toContain('Content-Range');
    expect(headersOf('GET /playbacks/{id}/video', 416)).toContain('Content-Range');
    expect(headersOf('GET /playbacks/{id}/thumbnail', 200)).toContain('ETag');
    expect(headersOf('GET /playbacks/{id}/thumbnail', 409)).toContain('Retry-After');
    expect(headersOf('POST /events', 503)).toContain('Retry-After');
    expect(headersOf('POST /auth/login', 429)).toContain('Retry-After');
  });
});

describe('the schemas of the OpenAPI document', () => {
  /** Every object in the document, with the way to it. */
  function* nodesIn(node: unknown, path = ''): Generator<[path: string, node: Record<string, unknown>]> {
    if (typeof node !== 'object' || node === null) return;
    if (!Array.isArray(node)) yield [path, node as Record<string, unknown>];
    for (const [key, value] of Object.entries(node)) {
      if (key !== 'example' && key !== 'examples') yield* nodesIn(value, `${path}/${key}`);
    }
  }
  const pathsOf = (matches: (node: Record<string, unknown>, path: string) => boolean) =>
    [...nodesIn(document)].filter(([path, node]) => matches(node, path)).map(([path]) => path);
  const isOf = ({ type }: Record<string, unknown>, name: string) =>
    type === name || (Array.isArray(type) && type.includes(name));

  it('have no defaults where a field that is left out stays as it is', () => {
    const reach = (node: unknown, seen: Set<unknown>): void => {
      for (const [, { $ref }] of nodesIn(node)) {
        const schema = typeof $ref === 'string' ? document.components!.schemas![$ref.split('/').at(-1)!] : undefined;
        if (!schema || seen.has(schema)) continue;
        seen.add(schema);
        reach(schema, seen);
      }
    };
    const bodies = new Set<unknown>();
    for (const { patch } of Object.values(document.paths)) reach(patch?.requestBody, bodies);
    expect(bodies.size).toBeGreaterThan(3);
    expect(JSON.stringify([...bodies])).not.toContain('"default":');
    expect(JSON.stringify(document.components!.schemas!['CreateCameraDto'])).toContain('"default":');
  });

  it('have a format for every integer, and fractions only where they are meant', () => {
    expect(pathsOf((node) => isOf(node, 'integer')).length).toBeGreaterThan(40);
    expect(pathsOf((node) => isOf(node, 'integer') && !/^int(32|64)$/.test(String(node['format'])))).toEqual([]);
    const fractions = pathsOf((node) => isOf(node, 'number')).map((path) => path.split('/').at(-1));
    expect([...new Set(fractions)].sort()).toEqual(['bitrateKbps', 'fps', 'hours', 'seconds', 'successRate']);
  });

  it('have null as a type, and as a value of every enum that may be null', () => {
    expect(pathsOf((node) => 'nullable' in node)).toEqual([]);
    expect(pathsOf((node) => isOf(node, 'null')).length).toBeGreaterThan(40);
    const lacksNull = (node: Record<string, unknown>) =>
      isOf(node, 'null') && Array.isArray(node['enum']) && !node['enum'].includes(null);
    expect(pathsOf(lacksNull)).toEqual([]);
  });

  it('have a name for every enum of more than one word', () => {
    const inline = (node: Record<string, unknown>, path: string) =>
      Array.isArray(node['enum']) && node['enum'].length > 1 && !/^\/components\/schemas\/[A-Za-z]+$/.test(path);
    expect(pathsOf(inline)).toEqual([]);
    const names = ['RecordingStatus', 'EndReason', 'GapCause', 'Role', 'CameraState', 'OverlapPolicy', 'Assembly'];
    const schemas = document.components!.schemas as Record<string, { enum?: unknown[]; description?: string }>;
    expect(names.filter((name) => !schemas[name]?.enum)).toEqual([]);
    const enums = Object.entries(schemas).filter(([, one]) => one.enum);
    expect(enums.filter(([, one]) => !one.description).map(([name]) => name)).toEqual([]);
  });

  it('name every error, and let more come', () => {
    const schemas = document.components!.schemas as Record<string, { enum?: string[]; anyOf?: object[] }>;
    expect(schemas['KnownErrorCode']!.enum).toEqual(ERROR_CODES);
    expect(schemas['ErrorCode']!.anyOf).toContainEqual({ type: 'string' });
    const isCode = (_node: unknown, path: string) =>
      /\/(Problem|FailureResponse|CameraErrorResponse|ProbeResponse)\/properties\/code$/.test(path);
    const codes = [...nodesIn(document)]
      .filter(([path, node]) => isCode(node, path))
      .map(([, node]) => JSON.stringify(node));
    expect(codes.length).toBe(4);
    expect(codes.filter((text) => !text.includes('#/components/schemas/ErrorCode"'))).toEqual([]);
  });
});

describe('redocly lint', () => {
  const problemsOf = async (text: string) => {
    const config = await loadConfig({ configPath: fileURLToPath(new URL('../../redocly.yaml', import.meta.url)) });
    const problems = await lintFromString({ source: text, absoluteRef: '/openapi.json', config });
    return problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`);
  };

  it('finds nothing', async () => {
    expect(await problemsOf(formatOpenApi(document))).toEqual([]);
  });

  it('would find something', async () => {
    const { summary = '', responses } = document.paths['/cameras']!.get!;
    const paths = { ...document.paths, '/cameras': { get: { summary, responses } } };
    expect((await problemsOf(formatOpenApi({ ...document, paths }))).join()).toContain('operation-operationId');
  });
});

function isTyped(schema: object | undefined): boolean {
  return schema !== undefined && ['type', '$ref', 'anyOf'].some((key) => key in schema);
}
