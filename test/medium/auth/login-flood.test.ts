import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { ADMIN_PASSWORD, startTestApp, type TestApp } from '../../support/http-app.js';
import { floodLogins } from '../../support/logins.js';

let database: TestDatabase;
let app: TestApp;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp(database, { LOGINS_PER_MINUTE: '10' });
});

afterAll(async () => {
  await app.close();
  await database.drop();
});

describe('1,000 logins at once from 100 addresses', () => {
  it('are refused before the database hears of them, and everybody else is answered', async () => {
    const token = await app.tokenOf('ADMIN');
    const flood = floodLogins(app.url, { logins: 1_000, addresses: 100 });
    const meanwhile = await app.call('GET', '/users', { token });
    expect(meanwhile.status).toBe(200);
    const answers = await flood;
    const kinds = new Set(answers.map(({ status, code }) => `${status} ${code}`));
    expect([...kinds].filter((kind) => !/^(401 AUTH.WRONG_CREDENTIALS|503 AUTH.BUSY)$/.test(kind))).toEqual([]);
    const busy = answers.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThan(0);
    expect(new Set(busy.map(({ retryAfter }) => retryAfter))).toEqual(new Set(['1']));
    const { status } = await app.call('POST', '/auth/login', { body: { username: 'admin', password: ADMIN_PASSWORD } });
    expect(status).toBe(200);
  }, 120_000);
});
