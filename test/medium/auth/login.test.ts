import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JwtService } from '@nestjs/jwt';
import { User } from '../../../src/schema/user.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { ADMIN_PASSWORD, JWT_SECRET, startTestApp, type TestApp } from '../../support/http-app.js';

let database: TestDatabase;
let app: TestApp;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp(database);
});

afterAll(async () => {
  await app.close();
  await database.drop();
});

const login = (body: unknown) => app.call('POST', '/auth/login', { body });
const withToken = (token: string) => app.call('GET', '/users', { token });
const adminRow = () => database.dataSource.getRepository(User).findOneByOrFail({ username: 'admin' });

describe('POST /auth/login', () => {
  it('exchanges the right password for a token that works', async () => {
    const { status, json } = await login({ username: 'admin', password: ADMIN_PASSWORD });
    expect([status, json]).toEqual([
      200,
      { accessToken: expect.any(String), tokenType: 'Bearer', expiresIn: 86_400, role: 'ADMIN' },
    ]);
    expect((await withToken(json['accessToken'] as string)).status).toBe(200);
  });

  it('answers a wrong password and an unknown user in the same words', async () => {
    const wrong = await login({ username: 'admin', password: 'not-the-password' });
    const unknown = await login({ username: 'nobody', password: 'not-the-password' });
    expect(wrong.status).toBe(401);
    expect(wrong.json).toMatchObject({ code: 'AUTH.WRONG_CREDENTIALS' });
    expect(unknown.json).toEqual(wrong.json);
  });

  it.each([
    [{}, ['username', 'password']],
    [{ username: 'admin' }, ['password']],
    [{ username: 1, password: ['x'] }, ['username', 'password']],
    [{ username: 'admin', password: 'x'.repeat(201) }, ['password']],
    [{ username: 'admin', password: ADMIN_PASSWORD, remember: true }, ['remember']],
  ])('names every fault of %j', async (body, fields) => {
    const { status, json } = await login(body);
    expect([status, json['code']]).toEqual([400, 'REQUEST.INVALID']);
    expect(new Set((json['errors'] as { field: string }[]).map(({ field }) => field))).toEqual(new Set(fields));
  });

  it('writes no password and no token into the log, whichever way a login goes', async () => {
    const typed = 'typed-into-the-wrong-field-7';
    await login({ username: 'admin', password: 'mistyped-password-7' });
    await login({ username: typed, password: 'mistyped-password-7' });
    await login(`{"username": "admin", "password": "mistyped-password-7"`);
    const { json } = await login({ username: 'admin', password: ADMIN_PASSWORD });
    await withToken(`${json['accessToken']}x`);
    const log = app.lines.join('');
    expect(log).toContain('login refused');
    for (const secret of [
      'mistyped-password-7',
      typed,
      ADMIN_PASSWORD,
      (json['accessToken'] as string).split('.')[2],
      '$argon2',
    ]) {
      expect(log).not.toContain(secret);
    }
  });
});

describe('the rate limit on logins', () => {
  it('answers 429 with the seconds to wait, also for the right password', async () => {
    const limited = await startTestApp(database, { LOGINS_PER_MINUTE: '2' });
    const tryLogin = (password: string) =>
      limited.call('POST', '/auth/login', { body: { username: 'admin', password } });
    await tryLogin('wrong-1');
    await tryLogin('wrong-2');
    const { status, headers, json } = await tryLogin(ADMIN_PASSWORD);
    await limited.close();
    expect([status, json['code'], headers.get('content-type')]).toEqual([
      429,
      'AUTH.TOO_MANY_LOGINS',
      'application/problem+json; charset=utf-8',
    ]);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
  });
});

describe('the bearer token', () => {
  const sign = async (claims: object, options: object, secret = JWT_SECRET) => {
    const { sub, pwv } = new JwtService().decode<{ sub: string; pwv: string }>(await app.tokenOf('ADMIN'));
    return new JwtService().sign({ sub, pwv, ...claims }, { secret, issuer: 'hindsight', expiresIn: 60, ...options });
  };
  const unsigned = (token: string) =>
    `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${token.split('.')[1]}.`;

  it('is asked for everywhere but at the public routes', async () => {
    const { status, json, headers } = await app.call('GET', '/users');
    expect([status, json['code'], headers.get('www-authenticate')]).toEqual([401, 'AUTH.NO_TOKEN', 'Bearer']);
    expect((await app.call('GET', '/metrics')).status).toBe(401);
    expect((await app.call('GET', '/health/live')).status).toBe(200);
  });

  it('is accepted when it is ours', async () => {
    expect((await withToken(await sign({}, {}))).status).toBe(200);
  });

  it.each<[string, () => Promise<string>]>([
    ['nonsense', async () => 'nonsense'],
    ['an expired token', () => sign({}, { expiresIn: -1 })],
    ['another issuer', () => sign({}, { issuer: 'elsewhere' })],
    ['another key', () => sign({}, {}, 'k'.repeat(32))],
    ['another algorithm of the same family', () => sign({}, { algorithm: 'HS512' })],
    ['no signature', async () => unsigned(await sign({}, {}))],
    ['a user who is gone', () => sign({ sub: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff' }, {})],
    ['another password', () => sign({ pwv: 'x' }, {})],
  ])('is refused with %s', async (_name, make) => {
    const { status, json } = await withToken(await make());
    expect([status, json['code']]).toEqual([401, 'AUTH.BAD_TOKEN']);
  });

  it('is checked against the database of its own application, when a process has two', async () => {
    const otherDatabase = await createTestDatabase();
    const other = await startTestApp(otherDatabase);
    const [ours, theirs] = [await app.tokenOf('ADMIN'), await other.tokenOf('ADMIN')];
    expect((await withToken(ours)).status).toBe(200);
    expect((await withToken(theirs)).status).toBe(401);
    expect((await other.call('GET', '/users', { token: ours })).status).toBe(401);
    await other.close();
    await otherDatabase.drop();
  });

  it('is not taken from anywhere but the header', async () => {
    const token = await app.tokenOf('ADMIN');
    expect((await app.call('GET', `/users?access_token=${token}`)).json['code']).toBe('AUTH.NO_TOKEN');
    const basic = await app.call('GET', '/users', { headers: { authorization: `Basic ${token}` } });
    expect(basic.json['code']).toBe('AUTH.BAD_TOKEN');
  });
});

describe('the first administrator', () => {
  const restart = async (env: Record<string, string>) => {
    const other = await startTestApp(database, env);
    await other.close();
    return other.lines.join('');
  };

  it('is made once, also when two processes start together', async () => {
    const empty = await createTestDatabase();
    const start = () => startTestApp(empty);
    const apps = await Promise.all([start(), start(), start()]);
    const users = await empty.dataSource.getRepository(User).find();
    await Promise.all(apps.map((one) => one.close()));
    await empty.drop();
    expect(users).toMatchObject([
      { username: 'admin', role: 'ADMIN', passwordHash: expect.stringMatching(/^\$argon2id\$/) },
    ]);
    expect(apps.flatMap(({ lines }) => lines).filter((line) => line.includes('administrator created'))).toHaveLength(1);
  });

  it('keeps its hash over a restart with the same password', async () => {
    const { passwordHash } = await adminRow();
    await restart({});
    expect((await adminRow()).passwordHash).toBe(passwordHash);
  });

  it('gets a new password from the environment, which ends its tokens, and the log names no password', async () => {
    const token = await app.tokenOf('ADMIN');
    const log = await restart({ ADMIN_PASSWORD: 'another-admin-password' });
    expect(log).toContain("the administrator's password was set from ADMIN_PASSWORD");
    expect(log).not.toContain('another-admin-password');
    expect((await withToken(token)).json['code']).toBe('AUTH.BAD_TOKEN');
    expect((await login({ username: 'admin', password: 'another-admin-password' })).status).toBe(200);
    await restart({});
    expect((await login({ username: 'admin', password: ADMIN_PASSWORD })).status).toBe(200);
  });
});
