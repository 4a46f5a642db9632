import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { listPids, readCommandLine, readEnvironment, readProcess, signal } from '../../../src/common/process-table.js';

describe('the process table', () => {
  it('knows this process', () => {
    expect(listPids()).toContain(process.pid);
    expect(readProcess(process.pid)).toMatchObject({ pid: process.pid, parentPid: process.ppid });
    expect(readProcess(process.pid)).toEqual(readProcess(process.pid));
    expect(readCommandLine(process.pid)[0]).toMatch(/node/);
  });

  it('tells a process from every other one, by its name, parent, environment and start', async () => {
    const child = spawn('sleep', ['1000'], { env: { ...process.env, MARK: 'a b' } });
    await once(child, 'spawn');
    const pid = child.pid!;
    expect(readProcess(pid)).toMatchObject({ pid, name: 'sleep', parentPid: process.pid });
    expect(readProcess(pid)?.startedAt).not.toBe(readProcess(process.pid)?.startedAt);
    expect(readEnvironment(pid)).toContain('MARK=a b');
    expect(signal(pid, 'SIGKILL')).toBe(true);
    await once(child, 'exit');
    expect([readProcess(pid), readEnvironment(pid), signal(pid, 'SIGKILL')]).toEqual([null, [''], false]);
  });

  it('takes an odd name for what it is', async () => {
    const child = spawn('bash', ['-c', 'exec -a ") R 1 (" sleep 1000']);
    await once(child, 'spawn');
    expect(readProcess(child.pid!)).toMatchObject({ pid: child.pid, parentPid: process.pid });
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('does not count one that has ended and waits for its parent', async () => {
    // The shell does not wait for its child while it stands still.
    const shell = spawn('sh', ['-c', 'sleep 1000 & echo $!; kill -STOP $$']);
    const [line] = (await once(shell.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    const until = async (holds: () => boolean) => {
      const deadlineMs = Date.now() + 5_000;
      while (!holds() && Date.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    try {
      await until(() => / T /.test(readFileSync(`/proc/${shell.pid}/stat`, 'utf8')));
      process.kill(pid, 'SIGKILL');
      await until(() => readProcess(pid) === null);
      expect(listPids()).toContain(pid);
      expect(readProcess(pid)).toBeNull();
    } finally {
      shell.kill('SIGKILL');
      await once(shell, 'close');
    }
  });
});
