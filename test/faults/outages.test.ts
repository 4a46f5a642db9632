import { setTimeout as delay } from 'node:timers/promises';
import type { Faults, VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntilEmpty } from '../e2e/support/recording.js';
import { TestService } from '../e2e/support/test-service.js';
import { Cast, expectOneGap, gapsOf, hears, type Story, tell, type Telling } from './support/story.js';

const STALL_MS = 20_000;
const STALL_TIMEOUT_MS = 4_000;
const AWAY_MS = 3_000;
const LOST = /^camera_(lost|unreachable|refused)$/;

/** The connections end, and the camera is like this for a while. */
const awayWith = (faults: Partial<Faults>) => async (camera: VirtualCamera) => {
  await camera.faults.set(faults);
  camera.dropSessions();
  await delay(AWAY_MS);
  await camera.faults.clear();
};

const OUTAGES: { name: string; cause: RegExp; disturb: NonNullable<Telling['disturb']>; leastMs: number }[] = [
  {
    name: 'a stall of 20 s',
    cause: /^stalled$/,
    leastMs: STALL_MS,
    disturb: async (camera) => {
      camera.pause();
      await delay(STALL_MS);
      camera.resume();
    },
  },
  {
    name: 'a dropped connection',
    cause: LOST,
    leastMs: 0,
    disturb: async (camera) => camera.dropSessions(),
  },
  { name: 'a refused connection', cause: LOST, leastMs: AWAY_MS, disturb: awayWith({ refusing: true }) },
  { name: 'a reboot', cause: LOST, leastMs: AWAY_MS, disturb: (camera) => camera.reboot({ forSec: AWAY_MS / 1_000 }) },
  { name: 'another password for a while', cause: LOST, leastMs: AWAY_MS, disturb: awayWith({ wrongPassword: true }) },
  { name: 'no such stream for a while', cause: LOST, leastMs: AWAY_MS, disturb: awayWith({ notFound: true }) },
  { name: 'an overloaded camera', cause: LOST, leastMs: AWAY_MS, disturb: awayWith({ unavailable: true }) },
  { name: 'all sessions taken by others', cause: LOST, leastMs: AWAY_MS, disturb: awayWith({ maxSessions: 0 }) },
];

describe('a camera that is lost in the middle of an event and comes back', () => {
  const cast = new Cast();
  const stories = new Map<string, Story>();
  let service: TestService;

  beforeAll(async () => {
    service = await TestService.launch({
      env: { STALL_TIMEOUT_MS: String(STALL_TIMEOUT_MS), CAMERA_LOGIN_RETRY_MS: '4000' },
    });
    await Promise.all(
      OUTAGES.map(async ({ name, disturb }, index) => {
        const camera = await cast.camera({ startFrame: index * 30 });
        stories.set(name, await tell(service, camera, { settings: { name }, disturb }));
      }),
    );
  }, 120_000);

  afterAll(async () => {
    await cast.leave();
    await service?.close();
  });

  it.each(OUTAGES)(
    '$name: one object with one gap and its cause, nothing else is missing',
    ({ name, cause, leastMs }) => {
      const story = stories.get(name)!;
      expectOneGap(story, cause);
      const [gap] = gapsOf(story);
      expect(Date.parse(gap!.endAt) - Date.parse(gap!.startAt)).toBeGreaterThanOrEqual(leastMs - 1_000);
    },
  );

  it('notices the stall within the limit: the silent connection is closed and a new one asked for', () => {
    const { camera } = stories.get('a stall of 20 s')!;
    const [first, second] = camera.stats().sessions;
    expect(first).toMatchObject({ closedBy: 'client' });
    // The stall began after the last frame; one fragment more had to be waited for.
    const silentMs = first!.closedAt!.getTime() - camera.frameTakenAtMs(first!.lastFrame!.frame, 0);
    expect(silentMs).toBeLessThan(STALL_TIMEOUT_MS + 3_000);
    expect(second).toBeDefined();
  });

  it('gives what the camera sent before the end, though it came back just then', async () => {
    const camera = await cast.camera();
    const comesBack = async () => {
      camera.dropSessions();
      await hears(camera, 0.4);
    };
    const story = await tell(service, camera, { disturb: comesBack, recover: async () => undefined });
    expectOneGap(story, LOST);
    const [, second] = camera.stats().sessions;
    expect(second!.firstFrame).not.toBeNull();
    expect(story.judgement.stored).toContain(second!.firstFrame!.frame);
  });

  it('lets go of every camera', async () => {
    await waitUntilEmpty(() => service.ffmpegs());
    await waitUntilEmpty(() => service.mediaFiles());
    for (const { camera } of stories.values()) expect(camera.stats().sessionsOpen).toBe(0);
    expect(stories.size).toBe(OUTAGES.length);
  });

  it('goes on afterwards as if nothing had happened', async () => {
    const { camera } = stories.get('a reboot')!;
    const story = await tell(service, camera, { settings: { name: 'again' }, recover: () => hears(camera, 1) });
    expect(gapsOf(story)).toEqual([]);
    expect(story.judgement).toMatchObject({ unaccountedMs: 0, lost: [] });
  });
});
