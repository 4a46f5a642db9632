import { setTimeout as delay } from 'node:timers/promises';
import type { VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addCamera, endEvent, trigger, waitUntilCompleted } from '../e2e/support/recording.js';
import { TestService } from '../e2e/support/test-service.js';
import { Cast, expectAccounted, hears, judge, type Story } from './support/story.js';

const GOP_SEC = 4;
const PRE_ROLL_SEC = 5;
const SETTINGS = { preRollSec: PRE_ROLL_SEC, postRollSec: 1 };
const PROFILES = ['h264-aac', 'h264-pcmu', 'h264-bframes', 'h265'] as const;

describe('a warm camera', () => {
  const cast = new Cast();
  const early = new Map<string, Story>();
  const ready = new Map<string, Story>();
  let service: TestService;

  beforeAll(async () => {
    service = await TestService.launch();
    await Promise.all(
      PROFILES.map(async (profile, index) => {
        const camera = await cast.camera({ profile, gopSec: GOP_SEC, startFrame: index * 60 });
        const cameraId = await addCamera(service, camera, { name: profile, ...SETTINGS });
        // One second after the camera was added.
        await delay(1_000);
        early.set(profile, await record(camera, cameraId));
        await hears(camera, PRE_ROLL_SEC + GOP_SEC);
        ready.set(profile, await record(camera, cameraId));
      }),
    );
  }, 120_000);

  afterAll(async () => {
    await service?.close();
    await cast.leave();
  });

  async function record(camera: VirtualCamera, cameraId: string): Promise<Story> {
    const event = await trigger(service, cameraId);
    await hears(camera, 2);
    await endEvent(service, event.id);
    const playback = await waitUntilCompleted(service, event.playbackId);
    return { camera, event, playback, ...(await judge(service, camera, playback, PRE_ROLL_SEC)) };
  }

  it.each(PROFILES)(
    '%s: begins at least so long before the trigger, and no frame is missing until the end',
    (profile) => {
      const story = ready.get(profile)!;
      const { judgement, playback, event, camera } = story;
      expectAccounted(story);
      expect(story.object.noise).toBe('');
      expect(playback.completeness.gaps).toEqual([]);
      expect(judgement).toMatchObject({ missing: [], lost: [], unreadable: 0 });
      const first = Math.min(...judgement.stored);
      const firstSentAtMs = camera.frameTakenAtMs(first, 0);
      const occurredAtMs = Date.parse(event.occurredAt);
      expect(occurredAtMs - firstSentAtMs).toBeGreaterThanOrEqual(PRE_ROLL_SEC * 1_000);
      // Back to a key frame, and not further.
      expect(occurredAtMs - firstSentAtMs).toBeLessThan((PRE_ROLL_SEC + GOP_SEC + 1) * 1_000);
    },
  );

  it.each(PROFILES)('%s: one second after it was added the ledger says what could not be had', (profile) => {
    const story = early.get(profile)!;
    expectAccounted(story);
    const { gaps } = story.playback.completeness;
    expect(gaps).toHaveLength(1);
    expect(gaps[0]!.startAt).toBe(new Date(Date.parse(story.event.occurredAt) - PRE_ROLL_SEC * 1_000).toISOString());
    expect(gaps[0]!.cause).toMatch(/^(no_pre_roll|camera_starting)$/);
    expect(story.judgement.lost).toEqual([]);
  });

  it('is captured by one connection all the time', () => {
    for (const { camera } of ready.values()) {
      expect(camera.stats()).toMatchObject({ sessionsOpened: 1, sessionsOpen: 1 });
    }
  });
});
