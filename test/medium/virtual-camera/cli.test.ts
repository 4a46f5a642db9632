import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { RtspClient, until } from './rtsp-client.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

function run(...args: string[]) {
  const child = spawn(process.execPath, ['packages/virtual-camera/bin/hindsight-camera.mjs', ...args], {
    cwd: ROOT,
    // Jest's own options do not fit a plain Node process.
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const run = { child, output: '', errors: '', ended: once(child, 'close') as Promise<[number | null]> };
  child.stdout.on('data', (text: Buffer) => (run.output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (run.errors += text.toString()));
  return run;
}

describe('npm run camera', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'prints the URLs of its cameras, serves them, and ends well on %s',
    async (signal) => {
      const cli = run('--count', '2', '--gop', '1', '--rtsp-port', '0', '--onvif-port', '0');
      await until('table', () => cli.output.includes('Ctrl-C'), 60_000);
      const urls = cli.output.match(/rtsp:\/\/127\.0\.0\.1:\d+\/main/g) ?? [];
      expect(new Set(urls).size).toBe(2);
      const client = await RtspClient.open(urls[1] ?? '');
      expect((await client.play()).status).toBe(200);
      cli.child.kill(signal);
      expect(await cli.ended).toEqual([0, null]);
      await until('connection closed', () => client.closed);
    },
  );

  it('takes faults by HTTP with --control-port', async () => {
    const cli = run('--gop', '1', '--rtsp-port', '0', '--onvif-port', '0', '--control-port', '0');
    await until('table', () => cli.output.includes('Ctrl-C'), 60_000);
    const control = /http:\/\/127\.0\.0\.1:\d+/.exec(cli.output)?.[0] ?? '';
    const rtsp = /rtsp:\/\/127\.0\.0\.1:\d+\/main/.exec(cli.output)?.[0] ?? '';
    const set = await fetch(`${control}/faults`, { method: 'PUT', body: '{"notFound": true}' });
    expect(set.status).toBe(200);
    const client = await RtspClient.open(rtsp);
    expect((await client.request('DESCRIBE')).status).toBe(404);
    cli.child.kill('SIGTERM');
    expect(await cli.ended).toEqual([0, null]);
  });

  it('ends on a signal while it still prepares', async () => {
    const cli = run('--count', '1', '--gop', '1', '--rtsp-port', '0', '--onvif-port', '0');
    await until('started', () => cli.output.includes('Preparing'), 60_000);
    cli.child.kill('SIGTERM');
    expect(await cli.ended).toEqual([0, null]);
  });

  it('explains a wrong option and exits with 2', async () => {
    const cli = run('--profile', 'h263');
    expect((await cli.ended)[0]).toBe(2);
    expect(cli.errors).toContain('--profile must be one of h264-pcmu');
    expect(cli.output).toBe('');
  });

  it('explains a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const cli = run('--gop', '1', '--rtsp-port', `${port}`);
    expect((await cli.ended)[0]).toBe(1);
    expect(cli.errors).toBe(
      `Port ${port} is in use: choose another with --rtsp-port, --onvif-port or --control-port\n`,
    );
    server.close();
  });
});
