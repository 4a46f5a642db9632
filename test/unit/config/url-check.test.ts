import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/app-config.js';
import { faultOfDatabaseUrl, passwordsOf } from '../../../src/config/url-check.js';

const MESSAGES = (variables: Record<string, string>): string => {
  try {
    loadConfig(variables);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('an address with a password that is not percent-encoded', () => {
  it.each([
    'qv@zx/k:wj',
    'qv@zxkwj',
    'qvzx/kwj',
    '1234/kwj',
    'qvz?xkwj',
    '1234?kwj',
    'qvz#xkwj',
    '1234#kwj',
    'qvz%xkwj',
    '/qvzxkwj',
    'qv@zx@kwj',
  ])('%s: refused with advice, and nothing of it is quoted', (password) => {
    const message = MESSAGES({ DATABASE_URL: `postgresql://hs:${password}@db.example:5432/hindsight` });
    expect(message).toMatch(/DATABASE_URL .*percent-encode the password/);
    for (const piece of password.split(/[@/:?#%]/).filter((each) => each !== '')) expect(message).not.toContain(piece);
    expect(message).not.toContain('db.example');
  });

  it.each([
    ['postgresql://hs@db/hindsight', []],
    ['postgresql:///hindsight', []],
    ['postgres://hs:p%40ss%2Fw%3Ard@db:5432/hindsight?sslmode=require', ['p@ss/w:rd']],
    ['postgresql://hs:p:w!d$&*()=+,;@[::1]:5432/hindsight', ['p:w!d$&*()=+,;']],
    ['postgresql://hs:p[ss]w@db/hindsight', ['p[ss]w']],
    ['postgresql://db/hindsight?user=hs&password=s%40cret', ['s@cret']],
  ])('%s is taken, and its passwords are known', (url, passwords) => {
    expect(faultOfDatabaseUrl(url)).toBeNull();
    expect(passwordsOf(url)).toEqual(passwords);
  });

  it.each(['PUBLIC_URL', 'R2_ENDPOINT', 'R2_PUBLIC_URL'])('%s takes no password at all, and quotes none', (name) => {
    const r2 = { STORAGE_MODE: 'r2', R2_ACCESS_KEY_ID: 'a', R2_SECRET_ACCESS_KEY: 'b', R2_BUCKET_NAME: 'c' };
    for (const url of ['https://u:se-cret@h', 'https://u:se-cret/x@h', 'https://se-cret@h/x', 'https://u:se-cret']) {
      const message = MESSAGES({ ...r2, R2_ENDPOINT: 'https://h', [name]: url });
      expect([url, message]).toEqual([url, expect.stringContaining(`${name} must`)]);
      expect(message).not.toContain('se-cret');
    }
  });
});
