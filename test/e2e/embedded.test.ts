import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PlaybackResponse } from '@hindsight/client';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { findSecrets, secret } from '../support/secrets.js';
import { decodeErrors, download } from './support/media.js';
import {
  addCamera,
  endEvent,
  getPlayback,
  ODD_PASSWORD,
  trigger,
  waitForFootage,
  waitForPlayback,
  waitUntilCompleted,
} from './support/recording.js';
import { filesUnder, TestService } from './support/test-service.js';

const FIRST_PASSWORD = /First start: log in as "admin" with the password (\S+)/g;

describe('embedded defaults', () => {
  let service: TestService;
  let camera: VirtualCamera;
  let cameraId: string;
  let first: PlaybackResponse;

  beforeAll(async () => {
    // CAMERA_ALLOWED_CIDRS stays unset too: loopback is allowed with the embedded database.
    service = await TestService.launch({ database: 'embedded', env: { CAMERA_ALLOWED_CIDRS: undefined } });
    camera = await startVirtualCamera({
      gopSec: 1,
      username: 'admin',
      password: secret(`${ODD_PASSWORD}-embedded`),
    });
  }, 60_000);

  afterAll(async () => {
    await service?.close();
    await camera?.stop();
  });

  async function record(): Promise<PlaybackResponse> {
    const { id, playbackId } = await trigger(service, cameraId);
    await waitForFootage(service, playbackId, 1_000);
    await endEvent(service, id);
    await waitUntilCompleted(service, playbackId);
    // The thumbnail comes afterwards; then nothing of it changes any more.
    return waitForPlayback(service, playbackId, ({ thumbnailUrl }) => thumbnailUrl !== null);
  }

  it('does the main job on an empty folder', async () => {
    cameraId = await addCamera(service, camera);
    first = await record();
    const video = await download(service, first.videoUrl!);
    expect(await decodeErrors(video.path)).toBe('');
    await rm(video.path);
  }, 60_000);

  it('prints the first password once, and never logs it', () => {
    const [found, ...more] = [...service.log.matchAll(FIRST_PASSWORD)];
    expect(more).toEqual([]);
    const rest = service.log.replace(found![0], '');
    expect(findSecrets(rest, [found![1]!])).toEqual([]);
  });

  it('keeps its secrets where only their owner can read them', () => {
    const modeOf = (name: string) => (statSync(join(service.dataDir, name)).mode & 0o777).toString(8);
    expect([modeOf('secrets.json'), modeOf('postgres/cluster.json'), modeOf('postgres/cluster')]).toEqual([
      '600',
      '600',
      '700',
    ]);
    const readable = filesUnder(service.dataDir).filter(
      (name) => (statSync(join(service.dataDir, name)).mode & 0o077) !== 0,
    );
    expect(readable.filter((name) => /secret|password|key|cluster/.test(name))).toEqual([]);
  });

  it('stops with everything that it started, within seconds', async () => {
    const startedAtMs = Date.now();
    expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(Date.now() - startedAtMs).toBeLessThan(10_000);
    expect(await service.children()).toEqual([]);
  });

  it('goes on with the same data at the second start, and prints no password', async () => {
    await service.start();
    expect(await getPlayback(service, first.id)).toEqual(first);
    await rm((await download(service, first.videoUrl!)).path);
    await record();
    expect(await service.call('GET', '/playbacks')).toMatchObject({ total: 2 });
    expect([...service.log.matchAll(FIRST_PASSWORD)]).toHaveLength(1);
  }, 60_000);

  it('comes back after SIGKILL, and leaves one PostgreSQL only', async () => {
    await service.stop('SIGKILL');
    await service.start();
    expect(await getPlayback(service, first.id)).toEqual(first);
    const postmasters = (await service.children()).filter(({ commandLine }) => commandLine.includes(' -D '));
    expect(postmasters).toHaveLength(1);
  }, 60_000);
});

describe('a configuration that is wrong', () => {
  async function run(env: Record<string, string>): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const entry = resolve(root, process.env['HINDSIGHT_ENTRY'] ?? 'dist/main.js');
    const child = spawn(process.execPath, [entry], { cwd: tmpdir(), env: { PATH: process.env['PATH'], ...env } });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, stdout, stderr };
  }

  it('DATABASE_URL without secrets: one message that names them all, exit code 1', async () => {
    const { code, stdout, stderr } = await run({ DATABASE_URL: 'postgresql://u:p@127.0.0.1:1/x' });
    expect([code, stdout]).toEqual([1, '']);
    for (const name of ['JWT_SECRET', 'ADMIN_PASSWORD', 'CREDENTIALS_KEY'])
      expect(stderr).toContain(`${name} is missing`);
    expect(stderr.trim().split('\n')).toHaveLength(4);
  });

  it('many faults at once: all of them in one message, no value that may be secret', async () => {
    const env = {
      PORT: 'http',
      STORAGE_MODE: 'tape',
      DATABASE_URL: 'mysql://u:hidden-word@h/x',
      JWT_SECRET: 'short-word',
      MAX_CONCURRENT_RECORDINGS: '0',
      CAMERA_ALLOWED_CIDRS: 'everywhere',
    };
    const { code, stderr } = await run(env);
    expect(code).toBe(1);
    for (const name of Object.keys(env)) expect(stderr).toContain(name);
    expect(stderr).not.toMatch(/hidden-word|short-word/);
    expect(stderr).not.toMatch(/ at .*\.js/);
  });

  it('STORAGE_MODE=r2 without its settings: names each', async () => {
    const { code, stderr } = await run({ STORAGE_MODE: 'r2' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/R2_ENDPOINT, R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY, R2_BUCKET_NAME/);
  });

  it('a database that is not there yet: waits for it, and logs no secret', async () => {
    const DATABASE_URL = `postgresql://u:${secret('database-password')}@127.0.0.1:1/x`;
    const service = await TestService.prepare({ env: { DATABASE_URL } });
    const starting = service.start();
    await service.waitFor(() => (/database.*Retrying/.test(service.log) ? true : undefined));
    const ended = expect(starting).rejects.toThrow('the service ended');
    await service.stop();
    await ended;
    await service.close();
  });
});
