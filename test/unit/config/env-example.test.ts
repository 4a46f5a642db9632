import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/app-config.js';

const LINES = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8').split('\n');
const EXAMPLE = new Map(
  LINES.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split(/=(.*)/s) as [string, string]),
);

/** Every name that loadConfig asks for, in both storage modes. */
function namesRead(): Set<string> {
  const names = new Set<string>();
  for (const env of [{}, { STORAGE_MODE: 'r2' }]) {
    const recording = new Proxy<Record<string, string | undefined>>(env, {
      get: (target, name) => {
        names.add(String(name));
        return target[String(name)];
      },
    });
    try {
      loadConfig(recording);
    } catch (error) {
      expect(error).toMatchObject({ code: 'CONFIG.INVALID' });
    }
  }
  return names;
}

describe('.env.example', () => {
  it('names exactly the variables that are read', () => {
    expect([...EXAMPLE.keys()].sort()).toEqual([...namesRead()].sort());
  });

  it('gives each its default', () => {
    expect(loadConfig(Object.fromEntries(EXAMPLE))).toEqual(loadConfig({}));
  });

  it('holds no secret', () => {
    const secrets = ['JWT_SECRET', 'ADMIN_PASSWORD', 'CREDENTIALS_KEY', 'R2_SECRET_ACCESS_KEY'];
    expect(secrets.map((name) => EXAMPLE.get(name))).toEqual(['', '', '', '']);
  });

  it('explains each in the line above it', () => {
    const unexplained = LINES.filter((line, i) => /^[A-Z]/.test(line) && !/^(# [^-]|[A-Z])/.test(LINES[i - 1] ?? ''));
    expect(unexplained).toEqual([]);
  });
});
