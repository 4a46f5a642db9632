import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runScript } from './support/shell.js';
import { unsetVariables } from './support/test-service.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'demo-'));
  await Promise.all(['work', 'temp'].map((name) => mkdir(join(dir, name))));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

describe('the demo', () => {
  it('shows the whole job, in a folder of its own of which nothing is left', async () => {
    const script = `"${ROOT}node_modules/.bin/tsx" "${ROOT}tools/demo/demo.ts"`;
    // Somebody's own settings and data are none of the demo's business.
    const env = { ...unsetVariables(), TMPDIR: join(dir, 'temp'), DATA_DIR: join(dir, 'work/data') };
    const { code, output } = await runScript(script, { cwd: join(dir, 'work'), env, timeoutMs: 150_000 });
    expect([output, code]).toEqual([output, 0]);
    expect(output).toContain(join(dir, 'temp', 'hindsight-demo-'));
    expect(output).toMatch(/COMPLETED/);
    expect(await readdir(join(dir, 'work'))).toEqual([]);
    const left = (await readdir(join(dir, 'temp'))).filter((name) => name.startsWith('hindsight-'));
    expect(left).toEqual([]);
  }, 180_000);
});
