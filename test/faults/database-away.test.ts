import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '../../src/common/logging.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/modules/database/embedded-postgres.process.js';
import { TestService } from '../e2e/support/test-service.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { Cast, expectAccounted, gapsOf, hears, type Story, tell } from './support/story.js';

const AWAY_MS = 30_000;

describe('a database that is away in the middle of recordings', () => {
  const cast = new Cast();
  const stories = new Map<string, Story>();
  let dir: string;
  let postgres: EmbeddedPostgres;
  let proxy: TcpProxy;
  let service: TestService;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'database-away-'));
    postgres = await startEmbeddedPostgres(dir, createLogger('silent'));
    proxy = await TcpProxy.start(postgres.url);
    service = await TestService.launch({ env: { DATABASE_URL: proxy.through(postgres.url) } });
    const cameras = await Promise.all([cast.camera(), cast.camera({ profile: 'h264-pcmu' })]);
    const lived = new Set<VirtualCamera>();
    let away: Promise<void> | undefined;
    const disturb = async (camera: VirtualCamera) => {
      // Both record before the database goes.
      lived.add(camera);
      while (lived.size < cameras.length) await delay(50);
      await (away ??= loseDatabase());
    };
    await Promise.all(
      cameras.map(async (camera, index) => {
        stories.set(String(index), await tell(service, camera, { settings: { name: `yard ${index}` }, disturb }));
      }),
    );
  }, 120_000);

  afterAll(async () => {
    await cast.leave();
    await service?.close();
    await proxy?.stop();
    await postgres?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  /** It is killed, and cannot be reached for a while; then it is back, after its recovery. */
  async function loseDatabase(): Promise<void> {
    const lockFile = await readFile(join(dir, 'cluster', 'postmaster.pid'), 'utf8');
    await proxy.set('refused');
    process.kill(Number(lockFile.split('\n')[0]), 'SIGKILL');
    await delay(AWAY_MS);
    await proxy.set('open');
    await service.waitFor(async () => {
      const { status } = await service.request('GET', '/health/ready');
      return status === 200 ? true : undefined;
    });
  }

  it('loses no frame, and each playback is COMPLETED', () => {
    expect(stories.size).toBe(2);
    for (const story of stories.values()) {
      expectAccounted(story);
      expect(story.object.noise).toBe('');
      expect(gapsOf(story)).toEqual([]);
      expect(story.judgement.lost).toEqual([]);
      expect(story.camera.stats()).toMatchObject({ sessionsOpened: 1, sessionsOpen: 0 });
    }
  });

  it('said that it was not ready, and did not end', () => {
    expect(service.running).toBe(true);
    expect(service.logLines().filter(({ msg }) => msg === 'Hindsight is ready')).toHaveLength(1);
  });

  it('records the next event as ever', async () => {
    const camera = stories.get('0')!.camera;
    const story = await tell(service, camera, { settings: { name: 'again' }, recover: () => hears(camera, 1) });
    expect(gapsOf(story)).toEqual([]);
    expect(story.judgement).toMatchObject({ lost: [], unaccountedMs: 0 });
  });
});
