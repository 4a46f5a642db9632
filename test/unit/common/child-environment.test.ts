import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { passOnFrom, runChild } from '../../../src/common/child.process.js';
import { childEnvironment, SECRET_VARIABLES } from '../../../src/common/child-environment.js';

const SRC = new URL('../../../src/', import.meta.url);

describe('childEnvironment', () => {
  const secrets = Object.fromEntries(SECRET_VARIABLES.map((name) => [name, 'secret']));

  it('is empty but for what every program may need', () => {
    const env = {
      ...secrets,
      PATH: '/bin',
      LANG: 'C',
      HOME: '/root',
      NODE_OPTIONS: '--x',
      AWS_SECRET_ACCESS_KEY: 'secret',
    };
    expect(childEnvironment(env)).toEqual({ PATH: '/bin', LANG: 'C' });
  });

  it('adds what CHILD_ENV names, and what is for this child alone', () => {
    const env = { PATH: '/bin', CHILD_ENV: ' LIBVA_DRIVER_NAME, ,ABSENT', LIBVA_DRIVER_NAME: 'iHD' };
    expect(childEnvironment(env, { MARK: 'a' })).toEqual({ PATH: '/bin', LIBVA_DRIVER_NAME: 'iHD', MARK: 'a' });
  });

  it('gives no secret that CHILD_ENV names', () => {
    expect(childEnvironment({ ...secrets, CHILD_ENV: SECRET_VARIABLES.join(',') })).toEqual({});
  });
});

it('children get what CHILD_ENV names out of the settings, wherever those come from', async () => {
  try {
    passOnFrom({ ...process.env, CHILD_ENV: 'FROM_FILE', FROM_FILE: 'yes', OTHER: 'no' });
    const { stdout } = await runChild(process.execPath, ['-p', '[process.env.FROM_FILE, process.env.OTHER].join()']);
    expect(stdout.trim()).toBe('yes,');
  } finally {
    passOnFrom(process.env);
  }
});

it('no file but child.process.ts can start a program', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const starting = files.filter((name) => {
    const lines = readFileSync(new URL(name, SRC), 'utf8').split('\n');
    return lines.some(
      (line) =>
        /(from|import\(|require\()\s*['"](node:)?(child_process|cluster)['"]/.test(line) && !/^import type /.test(line),
    );
  });
  expect(starting).toEqual(['common/child.process.ts']);
});
