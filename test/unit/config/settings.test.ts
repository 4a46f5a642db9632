import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '../../../src/common/logging.js';
import { loadSettings, tellSettings } from '../../../src/config/settings.js';

let dir: string;
const file = () => join(dir, '.env');

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'settings-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

function told(own: Record<string, string> = {}): Record<string, unknown>[] {
  const lines: string[] = [];
  tellSettings(
    loadSettings(dir, own),
    createLogger('info', (line) => lines.push(line)),
  );
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('loadSettings', () => {
  it('reads .env in the working folder, and says so', () => {
    writeFileSync(file(), '\uFEFFPORT=3810\n# a comment\nHOST="127.0.0.1"\nJWT_EXPIRES_IN=\'15m\' # and another\n');
    const { config } = loadSettings(dir, {});
    expect(config).toMatchObject({ http: { port: 3810, host: '127.0.0.1' }, auth: { jwtExpiresIn: '15m' } });
    expect(told()).toEqual([expect.objectContaining({ level: 30, file: file() })]);
    expect(told()[0]?.['msg']).toContain(`settings from the environment and ${file()}`);
  });

  it('says that there is none', () => {
    expect(told()).toEqual([expect.objectContaining({ level: 30, msg: expect.stringContaining('there is no .env') })]);
    expect(loadSettings(dir, {})).toMatchObject({ file: null, unknown: [], config: { http: { port: 3000 } } });
  });

  it('lets the environment win, and takes an empty value for unset in both', () => {
    writeFileSync(file(), 'PORT=3810\nHOST=127.0.0.1\nLOG_LEVEL=\nROLE=api\n');
    const { http, logLevel, role } = loadSettings(dir, { PORT: '3811', HOST: '', LOG_LEVEL: ' ', ROLE: 'all' }).config;
    expect([http.port, http.host, logLevel, role]).toEqual([3811, '127.0.0.1', 'info', 'all']);
  });

  it('does not change the environment, which child processes inherit', () => {
    writeFileSync(file(), 'ADMIN_PASSWORD=from-the-file\n');
    const own = {};
    expect(loadSettings(dir, own).config.auth.adminPassword).toBe('from-the-file');
    expect(own).toEqual({});
  });

  it('refuses a .env that cannot be read', () => {
    mkdirSync(file());
    expect(() => loadSettings(dir, {})).toThrow(expect.objectContaining({ code: 'CONFIG.ENV_FILE_UNREADABLE' }));
    expect(() => loadSettings(dir, {})).toThrow(`${file()} cannot be read: it is a folder`);
  });

  it('warns of names that nothing reads, without their values', () => {
    writeFileSync(file(), 'STORAGE_MOD=r2\nR2_SECRET=hidden-word-1\n');
    const lines = told({ RECORDINGS_DIR: '/x', DATABSE_URL: 'hidden-word-2', PATH: '/bin', CAMERA_SECRET_9: 'x' });
    expect(lines[1]).toMatchObject({
      level: 40,
      unknown: [
        'CAMERA_SECRET_9',
        'DATABSE_URL (did you mean DATABASE_URL?)',
        'R2_SECRET',
        'RECORDINGS_DIR',
        'STORAGE_MOD (did you mean STORAGE_MODE?)',
      ],
    });
    expect(JSON.stringify(lines)).not.toMatch(/hidden-word|\/bin/);
  });

  it('names the file and the unknown names beside the faults', () => {
    writeFileSync(file(), 'STORAGE_MODE=r2\nR2_BUKET_NAME=videos\n');
    const load = () => loadSettings(dir, {});
    expect(load).toThrow(expect.objectContaining({ code: 'CONFIG.INVALID' }));
    expect(load).toThrow('R2_BUCKET_NAME');
    expect(load).toThrow(file());
    expect(load).toThrow('Nothing reads R2_BUKET_NAME (did you mean R2_BUCKET_NAME?).');
  });
});
