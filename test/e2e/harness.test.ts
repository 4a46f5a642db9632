import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findLeftovers, findProcesses } from '../support/leftovers.js';
import { findLeakedSecrets, findSecrets, secret } from '../support/secrets.js';
import { currentTestRun } from '../support/test-run.js';
import { ODD_PASSWORD } from './support/recording.js';

/** The checks at the end of a run say "nothing found": here they are shown to find something. */
describe('the checks at the end of the run', () => {
  const password = `${ODD_PASSWORD}-harness`;

  it.each([
    ['plain', `rtsp://admin:${password}@camera/`],
    ['in a URL', `rtsp://admin:${encodeURIComponent(password)}@camera/`],
    ['in a log line', JSON.stringify({ url: password })],
    ['in a log line inside a log line', JSON.stringify({ line: JSON.stringify({ url: password }) })],
    ['in Basic, whatever the length of the name', Buffer.from(`admin:${password}`).toString('base64')],
    ['in Basic', Buffer.from(`root:${password}`).toString('base64')],
    ['in Basic, in the middle', Buffer.from(`a:${password}:b`).toString('base64')],
    ['in a form', new URLSearchParams({ password }).toString()],
    ['in SOAP', `<Password>${password.replace(/&/g, '&amp;').replace(/"/g, '&quot;')}</Password>`],
    ['in a dump', Buffer.from(password).toString('hex')],
  ])('find a password %s', (_where, text) => {
    expect(findSecrets(`one line\n{"msg":"${text}"}\nanother`, [password])).not.toEqual([]);
    expect(findSecrets(`one line\n{"msg":"rtsp://camera/"}\nanother`, [password])).toEqual([]);
  });

  it('find a remembered secret in a log file', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'logs-'));
    const planted = secret('planted-secret-of-the-harness');
    await writeFile(join(dir, 'a.log'), `{"msg":"${planted}"}\n`);
    expect(await findLeakedSecrets({ ...currentTestRun(), logDir: dir })).toEqual([expect.stringContaining('a.log')]);
    await rm(dir, { recursive: true });
  });

  it('find a process by its environment and by its command line, and a file that is left', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'run-'));
    const program = 'process.stdin.resume(); console.log("up")';
    const run = { dir, tmpDir: dir, logDir: dir, secretsFile: join(dir, 'none') };
    const children = [
      spawn(process.execPath, ['-e', program], { env: { HINDSIGHT_TEST_RUN: dir } }),
      spawn(process.execPath, ['-e', program, dir], { env: {} }),
    ];
    await Promise.all(children.map(({ stdout }) => once(stdout, 'data')));
    expect((await findProcesses(`HINDSIGHT_TEST_RUN=${dir}`)).map(({ pid }) => pid)).toEqual([children[0]!.pid]);
    await writeFile(join(dir, 'left.mp4'), '');
    const left = await findLeftovers(run);
    expect(left).toHaveLength(3);
    expect(left.join('\n')).toMatch(/left\.mp4/);
    const ended = children.map((child) => once(child, 'close'));
    for (const child of children) child.kill();
    await Promise.all(ended);
    await rm(dir, { recursive: true });
    await expect(findProcesses(dir)).resolves.toEqual([]);
  }, 20_000);
});
