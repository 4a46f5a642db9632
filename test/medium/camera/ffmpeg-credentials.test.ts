import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from '@jest/globals';
import { buildStreamUrl } from '../../../src/modules/camera/domain/stream-url.js';
import { digestIsRight, startFakeRtsp } from './support/fake-rtsp.js';

const { path: installed } = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string };
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

const run = (binary: string, url: string) =>
  new Promise<string>((resolve) => {
    const args = ['-nostdin', '-v', 'error', '-rtsp_transport', 'tcp', '-i', url, '-f', 'null', '-'];
    execFile(binary, args, { timeout: 10_000, killSignal: 'SIGKILL' }, (_error, _stdout, stderr) => resolve(stderr));
  });

const isThere = (binary: string) =>
  new Promise<boolean>((resolve) => execFile(binary, ['-version'], (error) => resolve(!error)));

const LOGINS = [
  ['admin', 'plain'],
  ['us er', `p@:/?#%+'"&\\[]{}|^~`],
  ['ädmin', 'päß€😀'],
  ['a'.repeat(60), 'b'.repeat(66)],
  ['admin', ''],
] as const;

describe.each([
  ['the FFmpeg of npm', installed],
  ['the FFmpeg on PATH', 'ffmpeg'],
])('%s', (_name, binary) => {
  it.each(LOGINS)('sends user %j with password %j as they are', async (username, password) => {
    if (binary === 'ffmpeg' && !(await isThere(binary))) return;
    for (const challenge of ['Basic realm="r"', 'Digest realm="r", nonce="n"']) {
      const seen: string[] = [];
      const fake = await startFakeRtsp(({ authorization }) => {
        if (authorization) seen.push(authorization);
        return authorization
          ? { status: '404 Not Found' }
          : { status: '401 Unauthorized', headers: [`WWW-Authenticate: ${challenge}`] };
      });
      stops.push(fake.stop);
      await run(binary, buildStreamUrl(`rtsp://127.0.0.1:${fake.port}/x`, username, password));
      const header = seen.at(-1) ?? '';
      if (challenge.startsWith('Basic'))
        expect(Buffer.from(header.slice('Basic '.length), 'base64').toString('utf8')).toBe(`${username}:${password}`);
      else expect(digestIsRight(header, 'DESCRIBE', username, password)).toBe(true);
    }
  });
});
