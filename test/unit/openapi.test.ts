import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { AppModule } from '../../src/app.module.js';
import { createLogger } from '../../src/common/logging.js';
import { loadConfig } from '../../src/config/app-config.js';
import { describeModule, formatOpenApi } from '../../src/openapi.js';

const PATH = new URL('../../docs/openapi.json', import.meta.url);

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
let document: OpenAPIObject;
let operations: [name: string, operation: Operation][];

beforeAll(async () => {
  document = await describeModule(AppModule.of(loadConfig({}), createLogger('silent')));
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
    const media = /^(GET|HEAD) \/playbacks\/\{id\}\//;
    expect(
      namesOf(isOpen)
        .filter((name) => !media.test(name))
        .sort(),
    ).toEqual(['GET /health/live', 'GET /health/ready', 'POST /auth/login']);
    expect(document.security).toEqual([{ bearer: [] }]);
  });

  it('has no two operations of one name, since clients are generated from them', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
