import type { VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  addCamera,
  endEvent,
  trigger,
  type TriggeredEvent,
  waitUntilCompleted,
  waitUntilEmpty,
} from '../e2e/support/recording.js';
import { TestService } from '../e2e/support/test-service.js';
import { Cast, expectAccounted, expectLostAtMost, hears, judge, gapsOf, type Story } from './support/story.js';

const PROFILES = ['h264-pcmu', 'h264-aac', 'h264-bframes', 'h265'] as const;
const TAKEN_OVER_WITHIN_MS = 5_000;

describe('two processes on one database, one of them killed in the middle of recordings', () => {
  const cast = new Cast();
  const stories: Story[] = [];
  let killedAtMs: number;
  let first: TestService;
  let second: TestService;

  beforeAll(async () => {
    first = await TestService.launch();
    const started = await Promise.all(
      PROFILES.map(async (profile, index) => {
        const camera = await cast.camera({ profile, startFrame: index * 40 });
        const cameraId = await addCamera(first, camera, { name: profile });
        const event = await trigger(first, cameraId);
        await hears(camera, 1);
        return { camera, event };
      }),
    );
    // The first one has all four: the second comes when they run, and must leave them alone.
    second = await TestService.launch({ beside: first });
    await Promise.all(started.map(({ camera }) => hears(camera, 2)));
    killedAtMs = Date.now();
    await first.stop('SIGKILL');
    await Promise.all(started.map(finish));
  }, 120_000);

  afterAll(async () => {
    await cast.leave();
    await second?.close();
    await first?.close();
  });

  async function finish({ camera, event }: { camera: VirtualCamera; event: TriggeredEvent }): Promise<void> {
    await hears(camera, 3);
    await endEvent(second, event.id);
    const playback = await waitUntilCompleted(second, event.playbackId, 60_000);
    stories.push({ camera, event, playback, ...(await judge(second, camera, playback)) });
  }

  it('ends each recording in one playback with one gap', () => {
    expect(stories).toHaveLength(PROFILES.length);
    for (const story of stories) {
      expectAccounted(story);
      expect(story.object.noise).toBe('');
      expect(gapsOf(story)).toEqual([expect.objectContaining({ cause: 'service_stopped' })]);
      expectLostAtMost(story, 1);
    }
  });

  it('takes over within seconds: footage goes on from the next key frame', () => {
    for (const { camera, judgement } of stories) {
      const back = judgement.missing.find(({ endMs }) => endMs > killedAtMs);
      const [, next] = camera.stats().sessions;
      expect({ back, opened: next!.openedAt.getTime() - killedAtMs < TAKEN_OVER_WITHIN_MS }).toEqual({
        back,
        opened: true,
      });
    }
  });

  it('never captured a camera twice', () => {
    for (const { camera } of stories) expect(camera.stats()).toMatchObject({ sessionsOpened: 2, sessionsOpen: 0 });
  });

  it('leaves no FFmpeg of either', async () => {
    await waitUntilEmpty(async () => [...(await first.ffmpegs()), ...(await second.ffmpegs())]);
  });
});
