import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../../src/common/errors.js';
import { redactor } from '../../../src/common/redaction.js';
import { loadConfig } from '../../../src/config/app-config.js';

const OUTSIDE = {
  DATABASE_URL: 'postgresql://hindsight:p%40ss-word-1@db.example:5432/hindsight',
  JWT_SECRET: 'a'.repeat(40),
  ADMIN_PASSWORD: 'first-password',
  CREDENTIALS_KEY: Buffer.alloc(32, 7).toString('base64'),
};
const R2 = {
  STORAGE_MODE: 'r2',
  R2_ENDPOINT: 'https://account.r2.example/',
  R2_ACCESS_KEY_ID: 'key-id',
  R2_SECRET_ACCESS_KEY: 'r2-secret-value',
  R2_BUCKET_NAME: 'videos',
};

function faultsOf(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe('CONFIG.INVALID');
    return (error as AppError).message;
  }
  throw new Error('the environment was accepted');
}

describe('loadConfig', () => {
  it('needs nothing with the embedded database', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      role: 'all',
      http: { port: 3000, publicUrl: 'http://localhost:3000' },
      storage: { mode: 'local' },
    });
    expect(config.database.url).toBeUndefined();
    expect(config.auth).toMatchObject({
      jwtSecret: undefined,
      adminPassword: undefined,
      adminPasswordIsExplicit: false,
    });
  });

  it('takes loopback for a camera network with the embedded database only', () => {
    expect(loadConfig({}).cameras.allowedCidrs).toContain('127.0.0.0/8');
    expect(loadConfig(OUTSIDE).cameras.allowedCidrs).not.toContain('127.0.0.0/8');
  });

  it('counts days in UTC unless told otherwise', () => {
    expect(loadConfig({}).timeZone).toBe('UTC');
    expect(loadConfig({ TIME_ZONE: 'Europe/Berlin' }).timeZone).toBe('Europe/Berlin');
  });

  it('treats empty and blank values as unset', () => {
    expect(loadConfig({ PORT: ' ', PUBLIC_URL: '', ADMIN_PASSWORD: '' })).toEqual(loadConfig({}));
  });

  it('puts the footage under DATA_DIR unless told otherwise', () => {
    expect(loadConfig({ DATA_DIR: '/srv/x' }).recordDir).toBe('/srv/x/recordings');
    expect(loadConfig({ DATA_DIR: '/srv/x', RECORD_DIR: '/footage' }).recordDir).toBe('/footage');
  });

  it('names every fault in one message', () => {
    const message = faultsOf({
      PORT: 'x',
      ROLE: 'king',
      PUBLIC_URL: 'ftp://a',
      CAMERA_ALLOWED_CIDRS: '10.0.0.0/8,oops',
      JWT_EXPIRES_IN: '0h',
    });
    for (const name of ['PORT', 'ROLE', 'PUBLIC_URL', 'CAMERA_ALLOWED_CIDRS', 'JWT_EXPIRES_IN'])
      expect(message).toContain(name);
    expect(message).toContain('5 fault(s)');
  });

  it('demands the secrets with an outside database, and lists them beside other faults', () => {
    const message = faultsOf({ DATABASE_URL: OUTSIDE.DATABASE_URL, PORT: '-1' });
    for (const name of ['JWT_SECRET', 'ADMIN_PASSWORD', 'CREDENTIALS_KEY', 'PORT']) expect(message).toContain(name);
    expect(loadConfig(OUTSIDE).auth.adminPasswordIsExplicit).toBe(true);
  });

  it.each([
    ['JWT_SECRET', 'short'],
    ['ADMIN_PASSWORD', '1234567'],
    ['ADMIN_PASSWORD', 'x'.repeat(201)],
    ['ADMIN_USERNAME', 'x'.repeat(101)],
    ['CREDENTIALS_KEY', Buffer.alloc(31).toString('base64')],
    ['DATABASE_URL', 'mysql://root:very-private-1@db/x'],
    ['DATABASE_URL', 'postgresql://a:very-private-1%zz@db/x'],
    ['JWT_EXPIRES_IN', '24'],
    ['MIN_FREE_DISK_BYTES', '1GB'],
    ['PORT', '1.5'],
    ['TIME_ZONE', '+02:00'],
    ['TIME_ZONE', 'CET'],
  ])('refuses %s=%s whatever the database', (name, value) => {
    expect(faultsOf({ [name]: value })).toContain(name);
  });

  it('keeps secrets out of its message', () => {
    const message = faultsOf({
      DATABASE_URL: 'mysql://root:very-private-1@db/x',
      JWT_SECRET: 'tiny-secret',
      ADMIN_PASSWORD: 'seven77',
    });
    for (const secret of ['very-private-1', 'tiny-secret', 'seven77']) expect(message).not.toContain(secret);
  });

  it('reads the R2 settings in R2 mode, and says which are missing', () => {
    expect(loadConfig(R2).storage.r2).toEqual({
      endpoint: 'https://account.r2.example',
      accessKeyId: 'key-id',
      secretAccessKey: 'r2-secret-value',
      bucket: 'videos',
      publicUrl: undefined,
      region: 'auto',
    });
    expect(loadConfig({ ...R2, S3_REGION: 'fr-par' }).storage.r2).toMatchObject({ region: 'fr-par' });
    expect(faultsOf({ STORAGE_MODE: 'r2', R2_BUCKET_NAME: 'x' })).toContain(
      'R2_ENDPOINT, R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY',
    );
    expect(loadConfig({ ...R2, STORAGE_MODE: 'local' }).storage.r2).toBeUndefined();
  });

  it('masks its secrets in the log from then on', () => {
    loadConfig({ ...OUTSIDE, ...R2 });
    const text = [
      'first-password',
      'p@ss-word-1',
      'p%40ss-word-1',
      'r2-secret-value',
      OUTSIDE.JWT_SECRET,
      OUTSIDE.CREDENTIALS_KEY,
    ].join(' | ');
    expect(redactor.redact(text)).toBe('*** | *** | *** | *** | *** | ***');
  });

  it('cannot be changed afterwards', () => {
    const config = loadConfig({});
    expect(() => Object.assign(config.http, { port: 1 })).toThrow(TypeError);
    expect(() => Object.assign(config, { role: 'api' })).toThrow(TypeError);
  });
});
