import 'reflect-metadata';
import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IsObject, IsString } from 'class-validator';
import { TakesAnyQuery } from '../../src/common/takes-query.decorator.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type CallOptions, startTestApp, type TestApp } from '../support/http-app.js';

class NoteDto {
  @IsString()
  text!: string;

  @IsObject()
  metadata!: Record<string, unknown>;
}

@Controller('notes')
class NoteController {
  @Post()
  take(@Body() { text }: NoteDto): { length: number } {
    return { length: text.length };
  }

  @Post(':id/done')
  done(): { ok: true } {
    return { ok: true };
  }

  @Get('named')
  named(@Query('name') name: string): { name: string } {
    return { name };
  }

  @Get('page')
  @TakesAnyQuery()
  page(): { ok: true } {
    return { ok: true };
  }

  @Get('broken')
  broken(): never {
    throw new Error('inside of the service');
  }
}

let database: TestDatabase;
let app: TestApp;
let token: string;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp(database, { MAX_BODY_BYTES: '20000' }, { controllers: [NoteController] });
  token = await app.tokenOf('ADMIN');
});

afterAll(async () => {
  await app.close();
  await database.drop();
});

const post = (body: unknown, headers: Record<string, string> = {}) =>
  app.call('POST', '/notes', { token, body, headers });
const note = (metadata: unknown) => ({ text: 'x', metadata });

describe('what no handler looks at', () => {
  const fieldsOf = async (method: string, path: string, options: CallOptions = {}) => {
    const { status, json } = await app.call(method, path, { token, ...options });
    return [status, (json['errors'] as { field: string }[] | undefined)?.map(({ field }) => field)];
  };

  it('is refused by name, in query, body and headers at once', async () => {
    const options = { body: { endedAt: 'x' }, headers: { 'Idempotency-Key': 'a' } };
    expect(await fieldsOf('POST', '/notes/1/done?x=1&y=2&x=3', options)).toEqual([
      400,
      ['x', 'y', 'endedAt', 'Idempotency-Key'],
    ]);
    expect(await fieldsOf('POST', '/notes?x=1', { body: note({}) })).toEqual([400, ['x']]);
    expect(await fieldsOf('GET', '/notes/named?name=a&nam=b')).toEqual([400, ['nam']]);
    expect(await fieldsOf('GET', '/metrics?x=1')).toEqual([400, ['x']]);
  });

  it('is refused as a whole when it is no JSON object', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml'])
      expect(await fieldsOf('POST', '/notes/1/done', { body: 'a=1', headers: { 'Content-Type': type } })).toEqual([
        400,
        ['body'],
      ]);
    expect(await fieldsOf('POST', '/notes/1/done', { body: [] })).toEqual([400, ['body']]);
  });

  it('may be nothing', async () => {
    expect(await fieldsOf('POST', '/notes/1/done')).toEqual([201, undefined]);
    expect(await fieldsOf('POST', '/notes/1/done', { body: {} })).toEqual([201, undefined]);
    expect(await fieldsOf('POST', '/notes/1/done?')).toEqual([201, undefined]);
    expect(await fieldsOf('GET', '/notes/named?name=a', { headers: { 'If-None-Match': '"x"' } })).toEqual([
      200,
      undefined,
    ]);
  });

  it('may be anything on a page', async () => {
    expect(await fieldsOf('GET', '/notes/page?fbclid=1&expires=2')).toEqual([200, undefined]);
  });

  it('is not told to whoever may not be here', async () => {
    expect((await app.call('POST', '/notes/1/done?x=1')).status).toBe(401);
  });
});

describe('a body', () => {
  it('is taken when it is right', async () => {
    const { status, json } = await post(note({ emoji: '\u{1F3A5}', deep: { er: [1, null, true] } }));
    expect([status, json]).toEqual([201, { length: 1 }]);
  });

  it.each<[string, unknown]>([
    ['half JSON', '{"text": "x", "metadata": {"a"'],
    ['no object', '"text"'],
    ['nothing', ''],
    ['an unknown field', { ...note({}), admin: true }],
    ['a NUL character', note({ a: 'x\0y' })],
    ['a NUL character in a name', note({ 'x\0': 1 })],
    ['half a surrogate pair', '{"text":"\\ud800","metadata":{}}'],
    ['very deep nesting', note(JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) as unknown)],
    ['nesting that would exhaust the stack', `{"text":"x","metadata":{"a":${'['.repeat(9_000)}${']'.repeat(9_000)}}}`],
  ])('with %s is refused as a problem', async (_name, body) => {
    const { status, json, headers } = await post(body);
    expect([status, json['code'], headers.get('content-type')]).toEqual([
      400,
      'REQUEST.INVALID',
      'application/problem+json; charset=utf-8',
    ]);
    expect(json).toMatchObject({
      status: 400,
      title: 'Bad request',
      instance: '/notes',
      type: '/docs/errors#REQUEST.INVALID',
    });
  });

  it('is not quoted back when it is not JSON', async () => {
    const { text } = await post('{"password": "typed-secret" oops');
    expect(text).not.toContain('typed-secret');
  });

  it('of another kind than JSON is not read', async () => {
    expect((await post('text=x&metadata[a]=1', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(
      400,
    );
    expect((await post('<a/>', { 'content-type': 'text/xml' })).status).toBe(400);
  });

  it('that is too large is refused, also when it is compressed or its length is not told', async () => {
    const large = JSON.stringify(note({ a: 'x'.repeat(20_000) }));
    const { status, json } = await post(large);
    expect([status, json['code'], json['detail']]).toEqual([
      413,
      'REQUEST.TOO_LARGE',
      'The body is larger than 20000 bytes.',
    ]);
    const chunked = await fetch(`${app.url}/notes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: new Blob([large]).stream(),
      duplex: 'half',
    });
    expect([chunked.status, ((await chunked.json()) as { code: string }).code]).toEqual([413, 'REQUEST.TOO_LARGE']);
    const zipped = await fetch(`${app.url}/notes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: new Blob([large]).stream().pipeThrough(new CompressionStream('gzip')),
      duplex: 'half',
    });
    expect(zipped.status).toBe(413);
  });
});

describe('an address', () => {
  it.each([
    ['/nowhere', 404, 'REQUEST.NOT_FOUND'],
    ['/users?name=%00', 400, 'REQUEST.INVALID'],
    ['/users/%00', 400, 'REQUEST.INVALID'],
    ['/users/%E0%A4%A', 400, 'REQUEST.INVALID'],
  ])('%s answers %d as a problem', async (path, status, code) => {
    const answer = await app.call('GET', path, { token });
    expect([answer.status, answer.json['code']]).toEqual([status, code]);
  });
});

describe('an error that nobody foresaw', () => {
  it('is answered without its inside, which the log has', async () => {
    const { status, json, text } = await app.call('GET', '/notes/broken', { token });
    expect([status, json['code']]).toEqual([500, 'SERVICE.INTERNAL']);
    expect(text).not.toContain('inside of the service');
    expect(app.lines.join('')).toContain('inside of the service');
  });
});

describe('every answer', () => {
  it('carries the security headers and does not name its framework', async () => {
    const { headers } = await app.call('GET', '/health/live');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests');
    expect(headers.get('strict-transport-security')).toBeNull();
  });

  it('demands HTTPS once clients reach us that way', async () => {
    const secure = await startTestApp(database, { PUBLIC_URL: 'https://hindsight.example' });
    const { headers } = await secure.call('GET', '/health/live');
    await secure.close();
    expect(headers.get('strict-transport-security')).toContain('max-age=');
  });

  it('does not believe a forwarded address', async () => {
    const limited = await startTestApp(database, { LOGINS_PER_MINUTE: '1' });
    const body = { username: 'admin', password: 'wrong' };
    const from = (address: string) =>
      limited.call('POST', '/auth/login', { body, headers: { 'x-forwarded-for': address } });
    const statuses = [(await from('192.0.2.1')).status, (await from('192.0.2.2')).status];
    await limited.close();
    expect(statuses).toEqual([401, 429]);
  });
});

describe('the documentation', () => {
  it('is a page whose scripts and styles load under our own policy, without a token', async () => {
    const page = await app.call('GET', '/docs');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source!);
    expect(sources.length).toBeGreaterThan(3);
    for (const source of sources) {
      const url = new URL(source, `${app.url}/docs`);
      expect(url.origin).toBe(app.url);
      expect((await fetch(url)).status).toBe(200);
    }
    expect(page.text).not.toMatch(/<script(?![^>]*src=)[^>]*>[^<]/);
  });

  it('is a document that says who needs a token and how errors look', async () => {
    const { status, json } = await app.call('GET', '/docs-json');
    expect(status).toBe(200);
    expect(json['info']).toMatchObject({ title: 'Hindsight', version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(json['components'].securitySchemes.bearer).toMatchObject({ type: 'http', scheme: 'bearer' });
    expect(json['paths']['/auth/login'].post.security).toEqual([{}]);
    expect(json['paths']['/users'].get.security ?? json['security']).toEqual([{ bearer: [] }]);
    expect(Object.keys(json['paths']['/users'].post.responses as object)).toEqual([
      '201',
      '400',
      '401',
      '403',
      '409',
      '503',
      'default',
    ]);
  });
});

describe('the list of errors', () => {
  it('is where the type of a problem leads, without a token', async () => {
    const { json } = await app.call('GET', '/users');
    const type = new URL(json['type'] as string, app.url);
    const page = await app.call('GET', type.pathname);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.text).toContain(`<tr id="${decodeURIComponent(type.hash.slice(1))}">`);
    expect((await app.call('POST', type.pathname)).status).toBe(404);
  });
});

describe('closing', () => {
  it('ends although a client keeps its connection open', async () => {
    const other = await startTestApp(database);
    await other.call('GET', '/health/live');
    const closed = await Promise.race([
      other.close().then(() => true),
      new Promise((resolve) => setTimeout(resolve, 5_000)),
    ]);
    expect(closed).toBe(true);
    await expect(fetch(`${other.url}/health/live`)).rejects.toThrow();
  });
});

describe('a process whose role has no API', () => {
  it.each(['recorder', 'worker'])('answers for its own state and for nothing else as %s', async (role) => {
    const own = await createTestDatabase();
    const other = await startTestApp(own, { ROLE: role }, { controllers: [NoteController] });
    try {
      expect((await other.call('GET', '/health/live')).status).toBe(200);
      expect((await other.call('GET', '/metrics')).status).toBe(401);
      expect((await other.call('GET', '/docs/errors')).status).toBe(200);
      for (const [method, path] of [
        ['POST', '/auth/login'],
        ['GET', '/notes/broken'],
        ['GET', '/docs-json'],
      ] as const) {
        const { status, json } = await other.call(method, path);
        expect([path, status, json['code']]).toEqual([path, 404, 'REQUEST.NOT_FOUND']);
      }
    } finally {
      await other.close();
      await own.drop();
    }
  });
});
