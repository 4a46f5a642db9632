import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { redactor } from '../../../src/common/redaction.js';
import { loadConfig } from '../../../src/config/app-config.js';
import { completeSecrets } from '../../../src/config/secrets.store.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hindsight-secrets-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('completeSecrets', () => {
  it('makes every secret at the first start, and says the new admin password once', () => {
    const first = completeSecrets(loadConfig({ DATA_DIR: dir }));
    expect(first.newAdminPassword).toHaveLength(20);
    expect(first.config.auth.adminPassword).toBe(first.newAdminPassword);
    expect(first.config.auth.jwtSecret).toHaveLength(64);
    expect(first.config.credentialsKey).toHaveLength(32);
    const second = completeSecrets(loadConfig({ DATA_DIR: dir }));
    expect(second.newAdminPassword).toBeUndefined();
    expect(second.config).toEqual(first.config);
  });

  it('keeps them where only the owner can read them, and leaves no draft', () => {
    completeSecrets(loadConfig({ DATA_DIR: join(dir, 'data') }));
    expect(statSync(join(dir, 'data', 'secrets.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'data')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(dir, 'data'))).toEqual(['secrets.json']);
  });

  it('lets the environment win, and then has no new password to say', () => {
    const env = {
      DATA_DIR: dir,
      JWT_SECRET: 'j'.repeat(32),
      ADMIN_PASSWORD: 'from-the-env',
      CREDENTIALS_KEY: Buffer.alloc(32, 9).toString('base64'),
    };
    const { config, newAdminPassword } = completeSecrets(loadConfig(env));
    expect(config.auth).toMatchObject({
      jwtSecret: env.JWT_SECRET,
      adminPassword: 'from-the-env',
      adminPasswordIsExplicit: true,
    });
    expect(config.credentialsKey).toEqual(Buffer.alloc(32, 9));
    expect(newAdminPassword).toBeUndefined();
  });

  it('masks what it made up in the log', () => {
    const { config } = completeSecrets(loadConfig({ DATA_DIR: dir }));
    const text = `${config.auth.jwtSecret} ${config.auth.adminPassword} ${config.credentialsKey.toString('base64')}`;
    expect(redactor.redact(text)).toBe('*** *** ***');
  });

  it.each([
    '',
    '{"jwtSecret": "half-a-secr',
    '{}',
    '{"jwtSecret":"long-enough","adminPassword":"long-enough","credentialsKey":"c2hvcnQtb25lLXg="}',
  ])('refuses a damaged file instead of making new secrets over it: %s', (text) => {
    const path = join(dir, 'secrets.json');
    writeFileSync(path, text);
    chmodSync(path, 0o600);
    expect(() => completeSecrets(loadConfig({ DATA_DIR: dir }))).toThrow(
      expect.objectContaining({
        code: 'CONFIG.SECRETS_UNREADABLE',
        message: expect.not.stringContaining('half-a-secr'),
      }),
    );
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});
