import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { secret } from '../support/secrets.js';
import { listRoutes, type OpenApi, type Route, wrongQueryValues, wrongValues } from './support/routes.js';
import { TestService } from './support/test-service.js';

const MALFORMED_IDS = [
  ...['not-a-uuid', '1', '-i', '%2e%2e%2f', '..%2f..%2fetc%2fpasswd', '..%5c..%5cwindows', '%00', 'null', '*'],
  ...[
    `${randomUUID()}x`,
    `${randomUUID()}%00`,
    `${randomUUID()}%2f..`,
    `%7b${randomUUID()}%7d`,
    `1%27%20OR%201=1`,
    'x'.repeat(3_000),
  ],
];
/** What an OPERATOR may change; everything else that changes something is the ADMIN's. */
const FOR_OPERATORS = [
  'POST /events',
  'POST /events/{id}/end',
  'POST /playbacks',
  'POST /playbacks/{id}/stop',
  'DELETE /playbacks/{id}',
  'POST /cameras/{id}/probe',
  ...['POST /locks', 'DELETE /locks/{id}'],
  ...['POST /schedules', 'POST /schedules/preview', 'POST /schedules/bulk'],
  ...['PATCH /schedules/{id}', 'DELETE /schedules/{id}'],
  ...['POST /occurrences/bulk', 'PATCH /occurrences/{id}'],
  ...['POST /occurrences/{id}/start', 'POST /occurrences/{id}/cancel', 'POST /occurrences/{id}/retry'],
];
const BAD_STREAM_URLS = [
  ...[
    'file:///etc/passwd',
    '-i',
    '-i /etc/passwd',
    'http://169.254.169.254/',
    'https://127.0.0.1/',
    'rtmp://127.0.0.1/x',
    'pipe:0',
  ],
  ...[
    'concat:a|b',
    'rtsp://127.0.0.1/a\nfile /etc/passwd',
    'rtsp://127.0.0.1/a\r\nX: y',
    'rtsp://127.0.0.1/a b',
    'rtsp://',
    'rtsp:///x',
  ],
  ...[
    'rtsp://169.254.169.254/',
    'rtsp://8.8.8.8/x',
    'rtsp://[::ffff:8.8.8.8]/x',
    'rtsp://0x08080808/x',
    'rtsp://134744072/x',
    'rtsp://0.0.0.0/x',
  ],
  ...[
    'rtsp://127.0.0.1:99999/x',
    'rtsp://127.0.0.1:0/x',
    'rtsp://u:p\0@127.0.0.1/x',
    'rtsp://127.0.0.1@8.8.8.8/x',
    "rtsp://127.0.0.1/'\u2028",
  ],
  ...['', ' ', 'x', 'rtsp', `rtsp://127.0.0.1/${'x'.repeat(2_000)}`, 12, {}, ['rtsp://127.0.0.1/x'], true],
];

interface Problem {
  status: number;
  code: string;
  title: string;
  detail: string;
  type: string;
  instance: string;
  errors?: { field: string; message: string }[];
}

interface Refusal {
  status: number;
  body: Problem;
}

describe('bad requests', () => {
  let service: TestService;
  let routes: Route[];
  let viewer: string;
  let operator: string;
  let before: Record<string, number>;

  beforeAll(async () => {
    service = await TestService.launch();
    routes = listRoutes(await service.call<OpenApi>('GET', '/docs-json'));
    [viewer, operator] = [await tokenOf('VIEWER'), await tokenOf('OPERATOR')];
    before = await countRows();
  });

  afterAll(() => service?.close());

  async function tokenOf(role: string): Promise<string> {
    const login = { username: role.toLowerCase(), password: secret(`password-of-${role}`) };
    await service.call('POST', '/users', { body: { ...login, role } });
    return (await service.call<{ accessToken: string }>('POST', '/auth/login', { body: login, token: null }))
      .accessToken;
  }

  async function countRows(): Promise<Record<string, number>> {
    const { dataSource } = service.database!;
    const tables = ['users', 'cameras', 'events', 'playbacks', 'idempotency_keys', 'interruptions'];
    const counts = await Promise.all(
      tables.map((table) => dataSource.query<{ n: number }[]>(`SELECT count(*)::int AS n FROM ${table}`)),
    );
    return Object.fromEntries(tables.map((table, i) => [table, counts[i]![0]!.n]));
  }

  interface Attempt {
    token?: string | null;
    id?: string;
    query?: string;
    body?: unknown;
    headers?: Record<string, string>;
  }

  /** Sends a request that must be refused, and checks the form of the refusal. */
  async function refusal(
    route: Pick<Route, 'method' | 'path'> & Partial<Pick<Route, 'query'>>,
    attempt: Attempt = {},
  ): Promise<Refusal> {
    const { id = randomUUID(), ...rest } = attempt;
    const query = withRequired(route.query ?? [], attempt.query ?? '');
    const path = route.path.replace('{id}', id) + (query && `?${query}`);
    const { status, headers, body } = await service.request<Problem>(route.method, path, rest);
    const about = `${route.method} ${path.slice(0, 200)} → ${status} ${JSON.stringify(body).slice(0, 300)}`;
    expect([about, headers.get('content-type')]).toEqual([about, expect.stringMatching(/^application\/problem\+json/)]);
    expect([about, body]).toEqual([
      about,
      expect.objectContaining({
        status,
        code: expect.stringMatching(/^[A-Z]+\.[A-Z_]+$/),
        title: expect.any(String),
        detail: expect.any(String),
      }),
    ]);
    expect([about, body.type]).toEqual([about, `/docs/errors#${body.code}`]);
    return { status, body };
  }

  /** All of `attempts` at once; what was not answered with `status` is listed. */
  async function expectAll(status: number, attempts: [string, Promise<Refusal>][]): Promise<void> {
    const answers = await Promise.all(attempts.map(async ([what, answer]) => [what, await answer] as const));
    const wrong = answers.filter(([, answer]) => answer.status !== status);
    expect(wrong.map(([what, { status: got, body }]) => `${what}: ${got} ${body.code} ${body.detail}`)).toEqual([]);
    expect(answers.length).toBeGreaterThan(0);
  }

  /** The same for several attempts per route, one route after the other. */
  async function walk(
    chosen: (route: Route) => boolean,
    status: number,
    attempts: (route: Route) => [string, Attempt][],
  ): Promise<void> {
    const found = routes.filter(chosen);
    expect(found.length).toBeGreaterThan(0);
    for (const route of found) {
      const list = attempts(route);
      if (list.length > 0)
        await expectAll(
          status,
          list.map(([what, attempt]) => [`${route.name} ${what}`, refusal(route, attempt)]),
        );
    }
  }

  it('walks every endpoint of the document', () => {
    expect(routes.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'POST /events',
        'POST /auth/login',
        'GET /playbacks/{id}/video',
        'PATCH /cameras/{id}',
        'DELETE /users/{id}',
      ]),
    );
    expect(
      routes
        .filter(({ isPublic }) => isPublic)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['GET /health/live', 'GET /health/ready', 'POST /auth/login'].sort());
  });

  it('no token, or a wrong one: 401', async () => {
    const [head = '', payload = '', signature = ''] = service.accessToken.split('.');
    const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${payload}.`;
    const tokens = {
      none: null,
      garbage: 'garbage',
      unsigned,
      'of another key': `${head}.${payload}.${signature.slice(0, -4)}AAAA`,
    };
    await walk(
      (route) => !route.isPublic,
      401,
      () => Object.entries(tokens).map(([what, token]) => [what, { token }]),
    );
  });

  it('a signature that is not ours: 401', async () => {
    const expires = Math.floor(Date.now() / 1_000) + 600;
    await walk(
      ({ query }) => query.some(({ name }) => name === 'signature'),
      401,
      () =>
        ['AAAA', '', 'x'.repeat(43), '%2e%2e'].map((text) => [
          text,
          { token: null, query: `expires=${expires}&signature=${text}` },
        ]),
    );
  });

  it('a role that may not: 403', async () => {
    await walk(
      ({ restricted }) => restricted,
      403,
      ({ name, example }) => [
        ['as VIEWER', { token: viewer, body: bodyFor(name, example) }],
        ...(FOR_OPERATORS.includes(name)
          ? []
          : [['as OPERATOR', { token: operator, body: bodyFor(name, example) }] as [string, Attempt]]),
      ],
    );
    const changing = routes.filter(({ method, isPublic }) => method !== 'GET' && !isPublic);
    expect(changing.filter(({ restricted }) => !restricted)).toEqual([]);
  });

  it('a VIEWER may read everything but the users', async () => {
    const reads = routes.filter(({ method, restricted, hasId }) => method === 'GET' && !restricted && !hasId);
    const statuses = reads.map(async ({ path, name }) => [
      name,
      (await service.request('GET', path, { token: viewer })).status,
    ]);
    expect(await Promise.all(statuses)).toEqual(reads.map(({ name }) => [name, 200]));
  });

  it('a malformed id: 400', async () => {
    await walk(
      ({ hasId }) => hasId,
      400,
      ({ name, example }) => MALFORMED_IDS.map((id) => [id.slice(0, 40), { id, body: bodyFor(name, example) }]),
    );
  });

  it('a path that climbs: refused, whatever it names', async () => {
    for (const path of [
      '/playbacks/../../../etc/passwd',
      '/playbacks/../../../../etc/passwd/video',
      '/playbacks/./video',
      '//etc/passwd',
      '/docs/../../package.json',
    ]) {
      const { status, text } = await rawGet(path);
      expect([path, status >= 400 && status < 500]).toEqual([path, true]);
      expect(text).not.toMatch(/root:|"hindsight"/);
    }
  });

  it('an unknown id: 404', async () => {
    await walk(
      ({ hasId }) => hasId,
      404,
      ({ name, example }) => [
        ['random', { body: bodyFor(name, example) }],
        ['nil', { id: '00000000-0000-0000-0000-000000000000', body: bodyFor(name, example) }],
      ],
    );
    const event = { method: 'POST', path: '/events' };
    const { status, body } = await refusal(event, { body: { cameraId: randomUUID(), type: 'MOTION' } });
    expect([status, body.code]).toEqual([404, 'CAMERA.NOT_FOUND']);
  });

  it('an unknown field: 400 that names it', async () => {
    for (const route of routes.filter(({ body }) => body !== null)) {
      for (const field of ['surprise', 'id', '__proto__x', 'createdAt']) {
        const { status, body } = await refusal(route, { body: { ...route.example, [field]: 'x' } });
        expect([route.name, status, body.errors?.map((each) => each.field)]).toEqual([
          route.name,
          400,
          expect.arrayContaining([field]),
        ]);
      }
    }
    await walk(
      () => true,
      400,
      ({ name, example }) => [['?surprise', { query: 'surprise=1', body: bodyFor(name, example) }]],
    );
    for (const route of routes.filter(({ body }) => body === null)) {
      const { body } = await refusal(route, {
        query: 'ttlSec=60',
        ...(route.method === 'GET' ? {} : { body: { endedAt: 'x' } }),
      });
      const fields = ['ttlSec', ...(route.method === 'GET' ? [] : ['endedAt'])];
      expect([route.name, body.errors?.map((each) => each.field)]).toEqual([route.name, fields]);
    }
    const onvif = { host: '127.0.0.1', port: 80, surprise: 1 };
    const { status, body } = await refusal({ method: 'POST', path: '/cameras' }, { body: { name: 'x', onvif } });
    expect([status, body.errors?.[0]?.field]).toEqual([400, 'onvif.surprise']);
  });

  it('a body where none is taken, of whatever type: 400', async () => {
    await walk(
      ({ method, body }) => method !== 'GET' && body === null,
      400,
      () => [
        ['form', { body: 'endedAt=1', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }],
        ['text', { body: 'x', headers: { 'Content-Type': 'text/plain' } }],
        ['list', { body: '[]' }],
      ],
    );
  });

  it('a header that promises something and would do nothing: 400 that names it', async () => {
    const headers = ['Idempotency-Key', 'If-Match', 'If-None-Match', 'If-Unmodified-Since'];
    const changing = routes.filter(({ method }) => method !== 'GET');
    for (const { name, example, ...route } of changing) {
      for (const header of headers.slice(name === 'POST /events' ? 1 : 0)) {
        const { status, body } = await refusal(route, { body: bodyFor(name, example), headers: { [header]: 'abc' } });
        expect([name, status, body.errors?.map(({ field }) => field)]).toEqual([name, 400, [header]]);
      }
    }
  });

  it('a wrong type: 400 that names the field', async () => {
    for (const route of routes.filter(({ body }) => body?.properties)) {
      for (const [field, schema] of Object.entries(route.body!.properties!)) {
        for (const value of wrongValues(schema)) {
          const { status, body } = await refusal(route, { body: { ...route.example, [field]: value } });
          const about = `${route.name} ${field}=${JSON.stringify(value)}`;
          expect([about, status, body.errors?.some((each) => each.field.split('.')[0] === field)]).toEqual([
            about,
            400,
            true,
          ]);
        }
      }
    }
  });

  it('a missing field, or a body that is no object: 400', async () => {
    for (const route of routes.filter(({ body }) => (body?.required ?? []).length > 0)) {
      for (const missing of route.body!.required!) {
        const rest = Object.fromEntries(Object.entries(route.example).filter(([name]) => name !== missing));
        const { status, body } = await refusal(route, { body: rest });
        expect([route.name, missing, status, [...new Set(body.errors?.map(({ field }) => field))]]).toEqual([
          route.name,
          missing,
          400,
          [missing],
        ]);
      }
      for (const body of ['[]', '"text"', '12', 'null', 'true', '[{}]']) {
        expect([route.name, body, (await refusal(route, { body })).status]).toEqual([route.name, body, 400]);
      }
    }
  });

  it('a wrong query value: 400', async () => {
    await walk(
      ({ query }) => query.length > 0,
      400,
      ({ query }) =>
        query.flatMap(({ name, schema }) =>
          wrongQueryValues(schema).map((value): [string, Attempt] => [
            `${name}=${value}`,
            { query: `${name}=${encodeURIComponent(value)}` },
          ]),
        ),
    );
    await walk(
      ({ query }) => query.some(({ name }) => name === 'cursor'),
      400,
      () => ['x', 'e30', '%00', 'x'.repeat(500)].map((cursor) => [cursor.slice(0, 20), { query: `cursor=${cursor}` }]),
    );
  });

  it('a huge body: 413', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(400_000) });
    await walk(
      ({ method }) => method !== 'GET',
      413,
      () => [['400 kB', { body }]],
    );
  });

  it('a body that is not JSON, too deep, or that no database can store: 400', async () => {
    const bodies = {
      'cut off': '{"name": "x',
      text: 'name=x',
      'too deep': `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
      'NUL in a text': '{"name": "a\\u0000b"}',
      'half a character': '{"name": "\\ud800"}',
      'NUL in a key': '{"a\\u0000b": 1}',
    };
    await walk(
      ({ method }) => method !== 'GET',
      400,
      () => Object.entries(bodies).map(([what, body]) => [what, { body }]),
    );
  });

  it('another content type: refused', async () => {
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'application/json; charset=utf-99',
    ]) {
      for (const route of routes.filter(({ body }) => (body?.required ?? []).length > 0)) {
        const { status } = await refusal(route, {
          body: JSON.stringify(route.example),
          headers: { 'Content-Type': type },
        });
        expect([route.name, type, status >= 400 && status < 500]).toEqual([route.name, type, true]);
      }
    }
  });

  it('an unknown route or method: 404', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/nothing'],
      ['PUT', '/events'],
      ['PATCH', '/playbacks'],
      ['GET', '/playbacks/x/y/z'],
      ['GET', '/%ff'],
    ] as const) {
      const { status } = await refusal({ method, path });
      expect([method, path, status === 404 || status === 400]).toEqual([method, path, true]);
    }
  });

  describe('stream addresses', () => {
    it.each(BAD_STREAM_URLS.map((url) => [JSON.stringify(url).slice(0, 60), url]))(
      '%s: 400, also when a camera is changed',
      async (_name, rtspUrl) => {
        const { status, body } = await refusal({ method: 'POST', path: '/cameras' }, { body: { name: 'x', rtspUrl } });
        expect([status, body.code]).toEqual([
          400,
          expect.stringMatching(/^(REQUEST\.INVALID|CAMERA\.(ADDRESS_NOT_ALLOWED|STREAM_URL_INVALID|HOST_UNKNOWN))$/),
        ]);
        const good = { name: 'x', rtspUrl: 'rtsp://127.0.0.1/good' };
        const { id } = await service.call<{ id: string }>('POST', '/cameras', { body: good });
        expect((await refusal({ method: 'PATCH', path: '/cameras/{id}' }, { id, body: { rtspUrl } })).status).toBe(400);
        expect(await service.call('GET', `/cameras/${id}`)).toMatchObject(good);
        expect((await service.request('DELETE', `/cameras/${id}`)).status).toBe(204);
      },
    );

    it.each([
      '169.254.169.254',
      '8.8.8.8',
      'metadata.google.internal',
      'a b',
      '-i',
      'http://127.0.0.1',
      '127.0.0.1:80',
      '',
      '../x',
    ])('ONVIF host %j: 400', async (host) => {
      const { status } = await refusal(
        { method: 'POST', path: '/cameras' },
        { body: { name: 'x', onvif: { host, port: 80 } } },
      );
      expect(status).toBe(400);
    });

    it('an event on a deleted camera: 404', async () => {
      const { id } = await service.call<{ id: string }>('POST', '/cameras', {
        body: { name: 'x', rtspUrl: 'rtsp://127.0.0.1/x' },
      });
      await service.request('DELETE', `/cameras/${id}`);
      expect(
        (await refusal({ method: 'POST', path: '/events' }, { body: { cameraId: id, type: 'MOTION' } })).status,
      ).toBe(404);
    });

    it.each(['', ' ', 'a b', 'x'.repeat(256), 'é'])('Idempotency-Key %j: 400', async (key) => {
      const headers = {
        'Idempotency-Key': encodeURIComponent(key) === key ? key : Buffer.from(key).toString('latin1'),
      };
      const { status } = await refusal(
        { method: 'POST', path: '/events' },
        { body: { cameraId: randomUUID(), type: 'MOTION' }, headers },
      );
      expect(status).toBe(400);
    });
  });

  it('after all this nothing is stored, nothing went wrong inside, and the service runs', async () => {
    const { cameras, ...others } = await countRows();
    expect(others).toEqual(Object.fromEntries(Object.entries(before).filter(([table]) => table !== 'cameras')));
    // Those that were added and deleted again keep their row, for their playbacks' sake.
    expect(await service.call('GET', '/cameras')).toMatchObject({ total: 0 });
    expect(cameras).toBe(BAD_STREAM_URLS.length + 1);
    expect(service.logLines().filter(({ level }) => Number(level) >= 50)).toEqual([]);
    expect(await service.call('GET', '/health/ready')).toMatchObject({ status: 'ok' });
  });

  /** As it stands: `fetch` would tidy the path up. */
  function rawGet(path: string): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = { Authorization: `Bearer ${service.accessToken}` };
      const { hostname, port } = new URL(service.baseUrl);
      const outgoing = httpRequest({ hostname, port, path, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  }
});

/** A route that takes a body gets a good one, so that the fault under test is the only one. */
function bodyFor(name: string, example: Record<string, unknown>): unknown {
  return /^(POST|PUT|PATCH)/.test(name) ? example : undefined;
}

/** A query with what the document requires and the query does not say. */
function withRequired(parameters: Route['query'], query: string): string {
  const said = new Set(new URLSearchParams(query).keys());
  const missing = parameters.filter(({ name, required }) => required && !said.has(name));
  return [query, ...missing.map(({ name, schema }) => `${name}=${String(schema.example)}`)].filter(Boolean).join('&');
}
