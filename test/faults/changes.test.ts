import { setTimeout as delay } from 'node:timers/promises';
import type { DownloadUrlResponse } from '@hindsight/client';
import type { VirtualCamera, VirtualCameraOptions } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../e2e/support/test-service.js';
import { findBrowserForTests, playInBrowser } from '../support/browser.js';
import {
  Cast,
  expectAccounted,
  expectLostAtMost,
  gapsOf,
  hears,
  type Story,
  tell,
  type Telling,
} from './support/story.js';

interface Change {
  name: string;
  options?: VirtualCameraOptions;
  disturb: NonNullable<Telling['disturb']>;
}

const CHANGES: Change[] = [
  {
    name: 'another size after a reboot',
    disturb: (camera) => camera.reboot({ forSec: 2, change: { video: { width: 320, height: 180 } } }),
  },
  { name: 'H.264, then H.265', disturb: (camera) => camera.changeStream({ video: { codec: 'h265' } }) },
  {
    name: 'G.711, then AAC',
    options: { profile: 'h264-pcmu' },
    disturb: (camera) => camera.changeStream({ audio: 'aac' }),
  },
  { name: 'AAC, then G.711', disturb: (camera) => camera.changeStream({ audio: 'pcmu' }) },
];
const JUMPS: Change[] = [
  { name: 'timestamps an hour ahead', disturb: (camera) => camera.faults.set({ timestampJumpSec: 3_600 }) },
  { name: 'timestamps an hour back', disturb: (camera) => camera.faults.set({ timestampJumpSec: -3_600 }) },
  { name: 'timestamps two seconds ahead', disturb: (camera) => camera.faults.set({ timestampJumpSec: 2 }) },
  { name: 'a clock that is set a day ahead', disturb: (camera) => camera.faults.set({ clockJumpSec: 86_400 }) },
];
/** What browsers do not play as it comes. */
const itInBrowser = (findBrowserForTests() ? it : it.skip).each(CHANGES.slice(0, 1));
const SLOW = { answerDelayMs: 1_200, firstKeyFrameDelayMs: 2_000 };
const LOSSY = { packetLoss: 0.02, packetLossSeed: 7 };

describe('a camera that changes in the middle of an event', () => {
  const cast = new Cast();
  const stories = new Map<string, Story>();
  let service: TestService;

  async function play(name: string, options: VirtualCameraOptions, telling: Telling): Promise<void> {
    const camera = await cast.camera({ startFrame: stories.size * 40, ...options });
    stories.set(name, await tell(service, camera, { ...telling, settings: { name } }));
  }

  beforeAll(async () => {
    service = await TestService.launch({ env: { STALL_TIMEOUT_MS: '4000' } });
    const lossy = async (camera: VirtualCamera) => {
      await camera.faults.set(LOSSY);
      await hears(camera, 4);
      await camera.faults.clear();
    };
    const dropLater = async (camera: VirtualCamera) => {
      await hears(camera, 4);
      camera.dropSessions();
    };
    const playAll = (changes: readonly Change[]) =>
      changes.map(({ name, options, disturb }) =>
        play(name, options ?? {}, { disturb, recover: (camera) => hears(camera, 4) }),
      );
    await Promise.all([
      ...playAll([...CHANGES, ...JUMPS]),
      play('slow', { faults: SLOW }, { disturb: dropLater }),
      play('lossy', {}, { disturb: lossy }),
    ]);
  }, 120_000);

  afterAll(async () => {
    await cast.leave();
    await service?.close();
  });

  it.each(CHANGES)('$name: one object that holds both, and is accounted for', ({ name }) => {
    const story = stories.get(name)!;
    expectAccounted(story);
    expectLostAtMost(story, 1);
    expect(story.object.noise).toBe('');
    expect(gapsOf(story)).toEqual([
      expect.objectContaining({ cause: expect.stringMatching(/^camera_(lost|unreachable)$/) }),
    ]);
  });

  itInBrowser('$name: a browser plays the whole object, in the size it began with', async ({ name }) => {
    const { playback, object } = stories.get(name)!;
    const { url } = await service.call<DownloadUrlResponse>('GET', `/playbacks/${playback.id}/download-url`);
    const played = await playInBrowser(url, { rate: 4 });
    expect(played).toMatchObject({ error: null, ended: true, width: 640, height: 360 });
    expect(played.frames).toBe(object.counters.length);
    expect(Math.abs(played.durationSec - playback.durationMs! / 1_000)).toBeLessThan(0.1);
  });

  it.each(JUMPS)('$name: the timeline goes by our clock, one object, accounted for', ({ name }) => {
    const story = stories.get(name)!;
    expectAccounted(story);
    expectLostAtMost(story, 1);
    expect(story.object.noise).toBe('');
  });

  it('a slow start: waited for, and the wait is in the ledger', () => {
    const story = stories.get('slow')!;
    expectAccounted(story);
    const [start] = story.playback.completeness.gaps;
    expect(start).toMatchObject({ cause: 'camera_starting' });
    expect(Date.parse(start!.endAt) - Date.parse(start!.startAt)).toBeGreaterThan(SLOW.firstKeyFrameDelayMs);
    expect(gapsOf(story)).toHaveLength(1);
  });

  it('lost packets: recorded on, with every frame that came whole', () => {
    const story = stories.get('lossy')!;
    expect(story.camera.stats().framesDamaged).toBeGreaterThan(0);
    expect(story.playback).toMatchObject({ recordingStatus: 'COMPLETED', failure: null });
    const { lost, imbalanceMs, misplaced } = story.judgement;
    expect({ lost, imbalanceMs, misplaced }).toEqual({ lost: [], imbalanceMs: 0, misplaced: 0 });
    expect(story.camera.stats().sessionsOpened).toBe(1);
  });

  it('leaves nothing running', async () => {
    const deadlineMs = Date.now() + 10_000;
    while ((await service.ffmpegs()).length > 0 && Date.now() < deadlineMs) await delay(50);
    expect(await service.ffmpegs()).toEqual([]);
  });
});
