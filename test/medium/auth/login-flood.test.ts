import { request } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { ADMIN_PASSWORD, startTestApp, type TestApp } from '../../support/http-app.js';

const ADDRESSES = 100;
const LOGINS = 1_000;

/** The service gave none. */
const NO_ANSWER = { status: 0, code: undefined, retryAfter: undefined };

interface Answer {
  status: number;
  code: string | undefined;
  retryAfter: string | undefined;
}

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

/** A wrong login from an address of this machine. */
function loginFrom(localAddress: string): Promise<Answer> {
  const body = JSON.stringify({ username: 'admin', password: 'guess' });
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve) => {
    const outgoing = request(
      `${app.url}/auth/login`,
      { method: 'POST', localAddress, headers, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const { code } = JSON.parse(text) as { code?: string };
          resolve({ status: response.statusCode ?? 0, code, retryAfter: response.headers['retry-after'] });
        });
      },
    );
    // The kernel may refuse some before the service hears of them: that is no answer, and no fault.
    outgoing.on('error', () => resolve(NO_ANSWER));
    outgoing.end(body);
  });
}

describe('1,000 logins at once from 100 addresses', () => {
  it('are refused before the database hears of them, and everybody else is answered', async () => {
    const token = await app.tokenOf('ADMIN');
    const flood: Promise<Answer>[] = [];
    for (let i = 0; i < LOGINS; i += 1) {
      flood.push(loginFrom(`127.0.1.${1 + (i % ADDRESSES)}`));
      // The server is in this process: it must get to accept them, since the kernel lets 511 wait.
      if (i % 100 === 99) await setImmediate();
    }
    const meanwhile = await app.call('GET', '/users', { token });
    expect(meanwhile.status).toBe(200);
    const answers = (await Promise.all(flood)).filter((answer) => answer !== NO_ANSWER);
    const kinds = new Set(answers.map(({ status, code }) => `${status} ${code}`));
    expect([...kinds].filter((kind) => !/^(401 AUTH.WRONG_CREDENTIALS|503 AUTH.BUSY)$/.test(kind))).toEqual([]);
    const busy = answers.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThan(0);
    expect(new Set(busy.map(({ retryAfter }) => retryAfter))).toEqual(new Set(['1']));
    const { status } = await app.call('POST', '/auth/login', { body: { username: 'admin', password: ADMIN_PASSWORD } });
    expect(status).toBe(200);
  }, 120_000);
});
