import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { canDieWithParent, dieWithParent } from '../../../src/common/parent-death.process.js';
import { readProcess } from '../../../src/common/process-table.js';
import { eventually } from '../../support/recorder/eventually.js';

const run = promisify(execFile);
/** A process that starts what it is told to start and would leave it behind; prints its pid. `ME` stands for its own. */
const PARENT = `
  const [program, ...args] = process.argv.slice(1).map((each) => (each === 'ME' ? String(process.pid) : each));
  const child = require('node:child_process').spawn(program, args, { detached: true, stdio: 'ignore' });
  console.log(child.pid);
  setInterval(() => {}, 1_000);
`;

describe('dieWithParent', () => {
  it('is possible here', () => {
    expect(canDieWithParent()).toBe(true);
  });

  it('ends the program when its parent is killed', async () => {
    const [program, args] = dieWithParent('/bin/sleep', ['1000'], { signal: 'KILL' });
    const told = args.map((each) => (each === String(process.pid) ? 'ME' : each));
    const parent = spawn(process.execPath, ['-e', PARENT, '--', program, ...told], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    // The pid that is signalled is the program's own.
    await eventually(() => expect(readProcess(pid)?.name).toBe('sleep'));
    parent.kill('SIGKILL');
    await eventually(() => expect(readProcess(pid)).toBeNull());
  });

  it('does not start the program of a parent that has died before the kernel was asked', async () => {
    const [program, args] = dieWithParent('/bin/echo', ['ran'], { signal: 'KILL' });
    expect((await run(program, args)).stdout).toBe('ran\n');
    // Another parent than the one that asked: as after a death, when init is the parent.
    const orphan = run('sh', ['-c', '"$@"; exit $?', 'sh', program, ...args]);
    await expect(orphan).rejects.toMatchObject({ code: 1, stdout: '', stderr: '' });
  });

  it('hands over arguments as they are', async () => {
    const odd = ['a b', '$HOME', '"', "'", '', '*', '--', 'ä\n'];
    const [program, args] = dieWithParent('/usr/bin/printf', ['[%s]', ...odd], { signal: 'INT' });
    expect((await run(program, args)).stdout).toBe(odd.map((each) => `[${each}]`).join(''));
  });

  it('leaves a program that is not there to spawn, which says so', async () => {
    expect(dieWithParent('/nowhere/ffmpeg', ['-x'], { signal: 'KILL' })).toEqual(['/nowhere/ffmpeg', ['-x']]);
  });
});
