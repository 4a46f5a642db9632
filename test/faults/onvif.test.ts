import { setTimeout as delay } from 'node:timers/promises';
import type { PlaybackResponse } from '@hindsight/client';
import type { Faults, VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addCamera, endEvent, trigger, waitUntilCompleted } from '../e2e/support/recording.js';
import { TestService } from '../e2e/support/test-service.js';
import { closedPort } from '../medium/camera/support/servers.js';
import { byOnvif, Cast, expectAccounted, expectOneGap, gapsOf, hears, type Story, tell } from './support/story.js';

const AWAY_MS = 3_000;
const CAUSE = /^camera_(lost|unreachable|refused)$/;

/** What ONVIF does while the stream has to be found again. */
const FAULTS: { name: string; faults: () => Promise<Partial<Faults>> }[] = [
  { name: 'too slow', faults: async () => ({ onvifDelayMs: 60_000 }) },
  { name: 'slow', faults: async () => ({ onvifDelayMs: 400 }) },
  { name: 'answering XML that is cut in half', faults: async () => ({ onvifMalformed: 'xml' }) },
  { name: 'answering a login page', faults: async () => ({ onvifMalformed: 'html' }) },
  { name: 'answering nothing', faults: async () => ({ onvifMalformed: 'empty' }) },
  { name: 'refusing everybody', faults: async () => ({ onvifUnauthorized: true }) },
  {
    name: 'naming an address where nobody is',
    faults: async () => ({ onvifStreamUriHost: `127.0.0.1:${await closedPort()}` }),
  },
  { name: 'naming an address that is not allowed', faults: async () => ({ onvifStreamUriHost: '192.0.2.1:554' }) },
];

describe('ONVIF that fails while a recording looks for its stream', () => {
  const cast = new Cast();
  const restarted = new Map<string, Story>();
  const started = new Map<string, Story>();
  let service: TestService;
  let moved: { old: VirtualCamera; next: VirtualCamera; playback: PlaybackResponse };

  beforeAll(async () => {
    service = await TestService.launch({ env: { CAMERA_TIMEOUT_MS: '1500', CAMERA_LOGIN_RETRY_MS: '4000' } });
    await Promise.all([...FAULTS.map((each) => Promise.all([breakRestart(each), breakStart(each)])), move()]);
  }, 120_000);

  afterAll(async () => {
    await cast.leave();
    await service?.close();
  });

  async function breakRestart({ name, faults }: (typeof FAULTS)[number]): Promise<void> {
    const camera = await cast.camera();
    const disturb = async () => {
      await camera.faults.set(await faults());
      camera.dropSessions();
      await delay(AWAY_MS);
      await camera.faults.clear();
    };
    restarted.set(name, await tell(service, camera, { settings: { name, ...byOnvif(camera) }, disturb }));
  }

  /** Only what may pass by itself: a camera that refuses for good fails its recording at once. */
  async function breakStart({ name, faults }: (typeof FAULTS)[number]): Promise<void> {
    const fault = await faults();
    if (fault.onvifUnauthorized || fault.onvifStreamUriHost) return;
    const camera = await cast.camera({ faults: fault });
    void delay(AWAY_MS).then(() => camera.faults.clear());
    started.set(
      name,
      await tell(service, camera, { settings: { name: `${name} from the start`, ...byOnvif(camera) } }),
    );
  }

  /** The device gives its stream another address; who asks again finds it. */
  async function move(): Promise<void> {
    const [old, next] = [await cast.camera(), await cast.camera()];
    const cameraId = await addCamera(service, old, { name: 'moved', ...byOnvif(old) });
    const event = await trigger(service, cameraId);
    await hears(old, 2);
    await old.faults.set({ onvifStreamUriHost: `127.0.0.1:${next.rtspPort}`, refusing: true });
    old.dropSessions();
    await hears(next, 2);
    await endEvent(service, event.id);
    const playback = await waitUntilCompleted(service, event.playbackId);
    moved = { old, next, playback };
  }

  it.each(FAULTS)('$name, after the stream was lost: goes on by itself in the same object', ({ name }) => {
    expectOneGap(restarted.get(name)!, CAUSE);
  });

  it('begins as soon as the camera lets it, when it failed from the start', () => {
    expect(started.size).toBe(5);
    for (const story of started.values()) {
      expectAccounted(story);
      expect(story.object.noise).toBe('');
    }
  });

  it('asks again where the stream is, and follows it to another address', () => {
    const { old, next, playback } = moved;
    expect(gapsOf({ playback })).toEqual([expect.objectContaining({ cause: expect.stringMatching(CAUSE) })]);
    expect(old.stats()).toMatchObject({ sessionsOpened: 1, sessionsOpen: 0 });
    expect(next.stats()).toMatchObject({ sessionsOpened: 1, sessionsOpen: 0 });
  });
});
