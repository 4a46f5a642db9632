import type { VirtualCamera } from '@hindsight/virtual-camera';
import { describe, expect, it } from '@jest/globals';
import { addCamera, endEvent, trigger, waitForFootage, waitUntilCompleted } from '../e2e/support/recording.js';
import { TestService } from '../e2e/support/test-service.js';
import { type ProxyMode, TcpProxy } from '../support/tcp-proxy.js';
import { Cast, expectAccounted, gapsOf, judge } from './support/story.js';

/** Recorders on one database, one of which reaches it through a proxy. */
class Crew {
  readonly cast = new Cast();
  private readonly services: TestService[] = [];

  /** @param keeper answers requests and holds the database together; records nothing */
  private constructor(
    readonly keeper: TestService,
    readonly proxy: TcpProxy,
  ) {}

  static async with(play: (crew: Crew) => Promise<void>): Promise<void> {
    const keeper = await TestService.launch({ env: { ROLE: 'api' } });
    const crew = new Crew(keeper, await TcpProxy.start(keeper.database!.url));
    try {
      await play(crew);
    } finally {
      for (const service of crew.services) await service.close();
      await crew.proxy.stop();
      await crew.cast.leave();
      await keeper.close();
    }
  }

  async startRecorder(env: Record<string, string> = {}): Promise<TestService> {
    // One folder of objects for all, as several machines have one bucket; footage of its own for each.
    const { keeper, services } = this;
    const recordDir = `${keeper.dataDir}/recorder-${services.length}`;
    const own = { ROLE: 'recorder', DATA_DIR: keeper.dataDir, RECORD_DIR: recordDir, ...env };
    const service = await TestService.prepare({ beside: keeper, env: own });
    services.push(service);
    await service.start();
    return service;
  }

  startBehindProxy(): Promise<TestService> {
    return this.startRecorder({ DATABASE_URL: this.proxy.through(this.keeper.database!.url) });
  }
}

/** The most sessions that were open at the same time. */
function mostSessionsAtOnce(camera: VirtualCamera): number {
  const spans = camera.stats().sessions.map(({ openedAt, closedAt }) => ({
    fromMs: openedAt.getTime(),
    toMs: closedAt?.getTime() ?? Infinity,
  }));
  return Math.max(
    ...spans.map(({ fromMs }) => spans.filter((one) => one.fromMs <= fromMs && fromMs < one.toMs).length),
  );
}

describe('one of two recorders that loses the database', () => {
  it.concurrent.each<ProxyMode>(['refused', 'silent'])(
    'stops capturing by itself, and the other one goes on: never two captures (%s)',
    (mode) =>
      Crew.with(async (crew) => {
        const { keeper, proxy } = crew;
        const owner = await crew.startBehindProxy();
        const camera = await crew.cast.camera();
        const event = await trigger(keeper, await addCamera(keeper, camera));
        await waitForFootage(keeper, event.playbackId, 2_000);
        const other = await crew.startRecorder();
        // A recorder that knows of no other one goes on without the database.
        await owner.waitFor(async () => {
          const metrics = await owner.call<string>('GET', '/metrics', { token: keeper.accessToken });
          return metrics.includes('\nhindsight_recorders 2\n') ? true : undefined;
        });
        await proxy.set(mode);
        const before = camera.stats().sessionsOpened;
        await other.waitFor(() => (camera.stats().sessionsOpened > before ? true : undefined), 30_000);
        await waitForFootage(keeper, event.playbackId, 6_000);
        await proxy.set('open');
        await waitForFootage(keeper, event.playbackId, 10_000);
        await endEvent(keeper, event.id);
        const playback = await waitUntilCompleted(keeper, event.playbackId, 60_000);
        const story = { camera, event, playback, ...(await judge(keeper, camera, playback)) };
        expectAccounted(story);
        expect(gapsOf(story).map(({ cause }) => cause)).toEqual(['service_stopped']);
        expect(mostSessionsAtOnce(camera)).toBe(1);
        expect(camera.stats().sessionsOpened).toBe(before + 1);
      }),
    120_000,
  );

  it.concurrent(
    'goes on without it when it is alone, and says everything when it is back',
    () =>
      Crew.with(async (crew) => {
        const { keeper, proxy } = crew;
        await crew.startBehindProxy();
        const camera = await crew.cast.camera();
        const event = await trigger(keeper, await addCamera(keeper, camera));
        await waitForFootage(keeper, event.playbackId, 2_000);
        await proxy.set('refused');
        const heard = camera.stats().framesSent;
        await keeper.waitFor(() => (camera.stats().framesSent > heard + 8 * camera.fps ? true : undefined), 30_000);
        await proxy.set('open');
        await waitForFootage(keeper, event.playbackId, 9_000);
        await endEvent(keeper, event.id);
        const playback = await waitUntilCompleted(keeper, event.playbackId, 60_000);
        const story = { camera, event, playback, ...(await judge(keeper, camera, playback)) };
        expectAccounted(story);
        expect(gapsOf(story)).toEqual([]);
        expect(camera.stats().sessionsOpened).toBe(1);
      }),
    90_000,
  );
});
