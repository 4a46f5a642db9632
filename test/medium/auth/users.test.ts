import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { User } from '../../../src/schema/user.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { startTestApp, type TestApp } from '../../support/http-app.js';

const UNKNOWN_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const PASSWORD = 'porter-password';
let database: TestDatabase;
let app: TestApp;
let admin: string;
let adminId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp(database);
  admin = await app.tokenOf('ADMIN');
  adminId = (await database.dataSource.getRepository(User).findOneByOrFail({ username: 'admin' })).id;
});

afterAll(async () => {
  await app.close();
  await database.drop();
});

beforeEach(async () => {
  await database.dataSource.query("DELETE FROM users WHERE username <> 'admin'");
});

const create = (username: string, role: string, token = admin) =>
  app.call('POST', '/users', { token, body: { username, role, password: PASSWORD } });
const loginAs = async (username: string, password = PASSWORD) =>
  (await app.call('POST', '/auth/login', { body: { username, password } })).json['accessToken'] as string;

describe('/users', () => {
  it('adds a user, lists it, and never shows a password or a hash', async () => {
    const { status, json } = await create('porter', 'VIEWER');
    expect([status, json]).toEqual([
      201,
      { id: expect.any(String), username: 'porter', role: 'VIEWER', createdAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    ]);
    const list = await app.call('GET', '/users', { token: admin });
    expect(list.json).toEqual({
      data: [expect.objectContaining({ username: 'admin', role: 'ADMIN' }), json],
      total: 2,
    });
    expect(list.text).not.toMatch(/password|hash|argon/i);
  });

  it('refuses a name that is taken', async () => {
    await create('porter', 'VIEWER');
    const { status, json } = await create('porter', 'ADMIN');
    expect([status, json['code']]).toEqual([409, 'AUTH.USERNAME_TAKEN']);
  });

  it.each([
    [{ username: 'a b', password: PASSWORD, role: 'VIEWER' }, 'username'],
    [{ username: '', password: PASSWORD, role: 'VIEWER' }, 'username'],
    [{ username: 'x'.repeat(101), password: PASSWORD, role: 'VIEWER' }, 'username'],
    [{ username: 'porter\n', password: PASSWORD, role: 'VIEWER' }, 'username'],
    [{ username: 'porter', password: '1234567', role: 'VIEWER' }, 'password'],
    [{ username: 'porter', password: 'x'.repeat(201), role: 'VIEWER' }, 'password'],
    [{ username: 'porter', password: PASSWORD, role: 'ROOT' }, 'role'],
    [{ username: 'porter', password: PASSWORD }, 'role'],
    [{ username: 'porter', password: PASSWORD, role: 'VIEWER', id: UNKNOWN_ID }, 'id'],
  ])('refuses %j', async (body, field) => {
    const { status, json } = await app.call('POST', '/users', { token: admin, body });
    expect([status, json['errors'][0].field]).toEqual([400, field]);
  });

  it.each([
    ['PATCH', '/users/x', {}, 400, 'REQUEST.INVALID'],
    ['PATCH', `/users/${UNKNOWN_ID}`, { role: 'ADMIN' }, 404, 'AUTH.USER_NOT_FOUND'],
    ['DELETE', `/users/${UNKNOWN_ID}`, undefined, 404, 'AUTH.USER_NOT_FOUND'],
    ['DELETE', '/users/..%2fcameras', undefined, 400, 'REQUEST.INVALID'],
  ])('%s %s answers %j with its code', async (method, path, body, status, code) => {
    const answer = await app.call(method, path, { token: admin, body });
    expect([answer.status, answer.json['code']]).toEqual([status, code]);
  });

  it.each([{ role: null }, { password: null }, { username: 'new' }])('PATCH refuses %j', async (body) => {
    const { json } = await create('porter', 'VIEWER');
    expect((await app.call('PATCH', `/users/${json['id']}`, { token: admin, body })).status).toBe(400);
  });

  it('is for administrators only', async () => {
    await create('porter', 'OPERATOR');
    const token = await loginAs('porter');
    for (const [method, path, body] of [
      ['GET', '/users', undefined],
      ['POST', '/users', {}],
      ['PATCH', `/users/${adminId}`, { role: 'VIEWER' }],
      ['DELETE', `/users/${adminId}`, undefined],
    ] as const) {
      const { status, json } = await app.call(method, path, { token, body });
      expect([method, status, json['code']]).toEqual([method, 403, 'AUTH.WRONG_ROLE']);
    }
  });
});

describe('a changed user', () => {
  it('has the new role at once, with the old token', async () => {
    const { json } = await create('porter', 'VIEWER');
    const token = await loginAs('porter');
    expect((await app.call('GET', '/users', { token })).status).toBe(403);
    expect(
      (await app.call('PATCH', `/users/${json['id']}`, { token: admin, body: { role: 'ADMIN' } })).json['role'],
    ).toBe('ADMIN');
    expect((await app.call('GET', '/users', { token })).status).toBe(200);
  });

  it('needs the new password, and the old tokens end', async () => {
    const { json } = await create('porter', 'VIEWER');
    const token = await loginAs('porter');
    await app.call('PATCH', `/users/${json['id']}`, { token: admin, body: { password: 'a-new-password' } });
    expect((await app.call('GET', '/metrics', { token })).json['code']).toBe('AUTH.BAD_TOKEN');
    expect(await loginAs('porter')).toBeUndefined();
    expect((await app.call('GET', '/metrics', { token: await loginAs('porter', 'a-new-password') })).status).toBe(200);
  });

  it('is out at once when deleted', async () => {
    const { json } = await create('porter', 'VIEWER');
    const token = await loginAs('porter');
    expect((await app.call('DELETE', `/users/${json['id']}`, { token: admin })).status).toBe(204);
    expect((await app.call('GET', '/metrics', { token })).json['code']).toBe('AUTH.BAD_TOKEN');
  });
});

describe('the last administrator', () => {
  it('cannot be demoted, and nobody can delete himself', async () => {
    const demoted = await app.call('PATCH', `/users/${adminId}`, { token: admin, body: { role: 'OPERATOR' } });
    expect([demoted.status, demoted.json['code']]).toEqual([409, 'AUTH.LAST_ADMIN']);
    const deleted = await app.call('DELETE', `/users/${adminId}`, { token: admin });
    expect([deleted.status, deleted.json['code']]).toEqual([409, 'AUTH.OWN_USER']);
  });

  it('is left over when two demote each other at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const other = (await create(`other-${round}`, 'ADMIN')).json['id'] as string;
      const otherToken = await loginAs(`other-${round}`);
      const [one, two] = await Promise.all([
        app.call('PATCH', `/users/${other}`, { token: admin, body: { role: 'VIEWER' } }),
        app.call('PATCH', `/users/${adminId}`, { token: otherToken, body: { role: 'VIEWER' } }),
      ]);
      expect([one.status, two.status].filter((status) => status === 200)).toHaveLength(1);
      await database.dataSource.query("UPDATE users SET role = 'ADMIN' WHERE username = 'admin'");
      await database.dataSource.query("DELETE FROM users WHERE username <> 'admin'");
    }
  });

  it('keeps the password that the environment gave it', async () => {
    const { status, json } = await app.call('PATCH', `/users/${adminId}`, {
      token: admin,
      body: { password: 'by-the-api-1' },
    });
    expect([status, json['code']]).toEqual([409, 'AUTH.PASSWORD_MANAGED']);
  });
});
