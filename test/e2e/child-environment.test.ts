import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listPids, readCommandLine, readEnvironment, readProcess } from '../../src/common/process-table.js';
import { secret } from '../support/secrets.js';
import { addCamera, endEvent, trigger, waitForFootage, waitUntilCompleted } from './support/recording.js';
import { TestService } from './support/test-service.js';

const SECRETS = {
  ADMIN_PASSWORD: 'environ-admin-password',
  JWT_SECRET: 'environ-jwt-secret-of-more-than-32-characters',
  CREDENTIALS_KEY: Buffer.alloc(32, 'environ').toString('base64'),
  R2_SECRET_ACCESS_KEY: 'environ-r2-secret',
  // Nothing of ours, and nobody's business all the same.
  AWS_SESSION_TOKEN: 'environ-session-token',
};

interface Seen {
  commandLine: string;
  environment: string[];
}

/** What every process under `root` was ever seen with: a program that starts another one looks like us for a moment, so the last look counts. */
class TreeWatch {
  readonly seen = new Map<string, Seen>();
  private running = true;
  private readonly done: Promise<void>;

  constructor(private readonly root: number) {
    this.done = this.watch();
  }

  async stop(): Promise<Seen[]> {
    this.running = false;
    await this.done;
    return [...this.seen.values()];
  }

  private async watch(): Promise<void> {
    for (; this.running; await delay(20)) this.look();
  }

  private look(): void {
    const all = listPids().flatMap((pid) => readProcess(pid) ?? []);
    const family = new Set([this.root]);
    for (let size = 0; size < family.size;) {
      size = family.size;
      for (const { pid, parentPid } of all) if (family.has(parentPid)) family.add(pid);
    }
    for (const { pid, startedAt } of all.filter((each) => each.pid !== this.root && family.has(each.pid))) {
      const commandLine = readCommandLine(pid).join(' ').trim();
      if (commandLine === readCommandLine(this.root).join(' ').trim()) continue; // between fork and exec it is us
      if (commandLine !== '') this.seen.set(`${pid} ${startedAt}`, { commandLine, environment: readEnvironment(pid) });
    }
  }
}

describe('the programs that the service starts', () => {
  let service: TestService;
  let camera: VirtualCamera;
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'environ-'));
    // As ffprobe, but it stays long enough to be seen.
    const slow = join(dir, 'slow-ffprobe');
    await writeFile(slow, '#!/bin/sh\nsleep 0.5\nexec ffprobe "$@"\n');
    await chmod(slow, 0o755);
    for (const value of Object.values(SECRETS)) secret(value);
    const env = { ...SECRETS, FFPROBE_PATH: slow };
    service = await TestService.prepare({ database: 'embedded', env });
    camera = await startVirtualCamera({ profile: 'h264-pcmu', username: 'u', password: 'environ-camera-password' });
  }, 60_000);

  afterAll(async () => {
    await service?.close();
    await camera?.stop();
    await rm(dir, { recursive: true, force: true });
  }, 60_000);

  it('see no secret: PostgreSQL, FFmpeg and ffprobe, while it starts, records and finalises', async () => {
    const starting = service.start();
    const watch = new TreeWatch(service.pid);
    await starting;
    const cameraId = await addCamera(service, camera);
    const event = await trigger(service, cameraId);
    await waitForFootage(service, event.playbackId, 1_500);
    await endEvent(service, event.id);
    await waitUntilCompleted(service, event.playbackId, 60_000);
    await service.waitFor(async () => {
      const { status } = await service.request('GET', `/playbacks/${event.playbackId}/thumbnail`);
      return status === 200 || undefined;
    }, 60_000);
    const seen = await watch.stop();
    for (const program of [/bin\/initdb /, /bin\/postgres /, /ffmpeg .*-progress/, /ffprobe .*-show_streams/]) {
      expect(seen.map(({ commandLine }) => commandLine)).toContainEqual(expect.stringMatching(program));
    }
    const secrets = [...Object.values(SECRETS), camera.password!];
    const leaks = seen.filter(({ environment }) => secrets.some((each) => environment.join('\n').includes(each)));
    expect(leaks).toEqual([]);
    const names = seen.flatMap(({ environment }) => environment.map((line) => line.split('=')[0] ?? ''));
    expect(names).not.toContain('AWS_SESSION_TOKEN');
    expect(names).toContain('HINDSIGHT_RECORDER');
  }, 180_000);
});
