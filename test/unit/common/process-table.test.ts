import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import {
  listPids,
  listSockets,
  readCommandLine,
  readEnvironment,
  readProcess,
  readTcpTables,
  signal,
} from '../../../src/common/process-table.js';
import { sumUnreadBytes } from '../../../src/ffmpeg/domain/tcp-table.js';
import { eventually } from '../../support/recorder/eventually.js';

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
    expect([listSockets(pid), readTcpTables(pid)]).toEqual([new Set(), '']);
  });

  it('knows what a process has not read of its connections', async () => {
    const before = listSockets(process.pid);
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const heard = once(server, 'connection') as Promise<[Socket]>;
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = await heard;
    const opened = new Set([...listSockets(process.pid)].filter((inode) => !before.has(inode)));
    const unread = () => sumUnreadBytes(readTcpTables(process.pid), opened);
    expect(unread()).toBe(0);
    client.write('not read');
    await eventually(() => expect(unread()).toBe('not read'.length));
    socket.destroy();
    client.destroy();
    await once(server.close(), 'close');
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
