import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventResponse, PlaybackResponse } from '@hindsight/client';
import { findCounterHoles, readFrameCounters, startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startBlackHole } from '../medium/camera/support/black-hole.js';
import { startFakeRtsp } from '../medium/camera/support/fake-rtsp.js';
import { closedPort, startRawServer } from '../medium/camera/support/servers.js';
import { secret } from '../support/secrets.js';
import { decodeErrors, download } from './support/media.js';
import {
  addCamera,
  endEvent,
  ODD_PASSWORD,
  sumOfGapsMs,
  trigger,
  type TriggeredEvent,
  waitForFootage,
  waitForPlayback,
  waitUntilCompleted,
  waitUntilEmpty,
  waitUntilFinal,
} from './support/recording.js';
import { filesUnder, TestService } from './support/test-service.js';

const GOP_SEC = 1;
const AUDIO_ONLY_SDP = ['v=0', 's=-', 't=0 0', 'm=audio 0 RTP/AVP 0', 'a=control:track1', ''].join('\r\n');

describe('FFmpeg missing', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await TestService.launch({ env: { FFMPEG_PATH: '/nonexistent/ffmpeg' } });
  });
  afterAll(() => service?.close());

  it('stores the event, says why nothing is recorded, and fails the playback', async () => {
    const cameraId = await addCamera(service, {
      rtspUrl: 'rtsp://127.0.0.1:1/x',
      username: 'u',
      password: 'unused-pass',
    });
    const event = await trigger(service, cameraId, { description: 'somebody' });
    expect(event.recording).toEqual({
      state: 'refused',
      reason: expect.stringMatching(/FFmpeg was not found.*FFMPEG_PATH/),
    });
    expect(await service.call('GET', `/events/${event.id}`)).toMatchObject({ id: event.id, description: 'somebody' });
    const playback = await waitUntilFinal(service, event.playbackId);
    expect(playback).toMatchObject({
      recordingStatus: 'FAILED',
      failure: { code: 'RECORDING.FFMPEG_MISSING', message: expect.stringContaining('FFMPEG_PATH') },
      event: { id: event.id },
      videoUrl: null,
      localPath: null,
    });
    expect(await service.mediaFiles()).toEqual([]);
  });

  it('is not ready, and says what is missing', async () => {
    const { status, body } = await service.request('GET', '/health/ready');
    expect(status).toBe(503);
    expect(body).toMatchObject({ checks: { ffmpeg: { ok: false }, database: { ok: true }, storage: { ok: true } } });
  });
});

describe('a camera that fails', () => {
  let service: TestService;
  const stops: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const env = { CAMERA_TIMEOUT_MS: '1500', CAMERA_START_TIMEOUT_MS: '4000', STALL_TIMEOUT_MS: '2000' };
    service = await TestService.launch({ env });
  });

  afterAll(async () => {
    await Promise.all(stops.map((stop) => stop()));
    await service?.close();
  });

  async function startCamera(): Promise<VirtualCamera> {
    const camera = await startVirtualCamera({ gopSec: GOP_SEC, username: 'admin', password: secret(ODD_PASSWORD) });
    stops.push(() => camera.stop());
    return camera;
  }

  describe('before its first picture', () => {
    const cases: {
      name: string;
      code: string;
      message: RegExp;
      cause: string;
      start: () => Promise<Parameters<typeof addCamera>[1]>;
    }[] = [
      {
        name: 'nobody listens there',
        code: 'CAMERA.UNREACHABLE',
        message: /127\.0\.0\.1:\d+ refused the connection/,
        cause: 'camera_unreachable',
        start: async () => withLogin(`rtsp://127.0.0.1:${await closedPort()}/main`),
      },
      {
        name: 'nothing answers there',
        code: 'CAMERA.UNREACHABLE',
        message: /did not answer/,
        cause: 'camera_unreachable',
        start: async () => withLogin(urlOf(await kept(startBlackHole()))),
      },
      {
        name: 'it takes the connection and says nothing',
        code: 'CAMERA.RTSP_FAILED',
        message: /did not answer within 1500 ms/,
        cause: 'camera_unreachable',
        start: async () => withLogin(urlOf(await kept(startRawServer(() => undefined)))),
      },
      {
        name: 'the password is wrong',
        code: 'CAMERA.WRONG_PASSWORD',
        message: /user name or password/,
        cause: 'camera_refused',
        start: async () => ({ ...(await startCamera()), password: secret(`wrong-${ODD_PASSWORD}`) }),
      },
      {
        name: 'it has no such stream',
        code: 'CAMERA.STREAM_NOT_FOUND',
        message: /./,
        cause: 'camera_refused',
        start: async () => {
          const camera = await startCamera();
          return { ...camera, rtspUrl: camera.streamUrl('elsewhere') };
        },
      },
      {
        name: 'its stream has no video',
        code: 'CAMERA.NO_VIDEO',
        message: /video/,
        cause: 'no_video',
        start: async () => {
          const headers = ['Content-Type: application/sdp'];
          return withLogin(
            urlOf(await kept(startFakeRtsp(() => ({ status: '200 OK', headers, body: AUDIO_ONLY_SDP })))),
          );
        },
      },
    ];

    const kept = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
      const server = await starting;
      stops.push(() => server.stop());
      return server;
    };
    const urlOf = ({ port }: { port: number }) => `rtsp://127.0.0.1:${port}/main`;
    const withLogin = (rtspUrl: string) => ({ rtspUrl, username: 'admin', password: secret(ODD_PASSWORD) });

    let outcomes: Map<string, { event: TriggeredEvent; playback: PlaybackResponse }>;

    beforeAll(async () => {
      const runs = cases.map(async ({ name, start }) => {
        const event = await trigger(service, await addCamera(service, await start(), { name }));
        return [name, { event, playback: await waitUntilFinal(service, event.playbackId) }] as const;
      });
      outcomes = new Map(await Promise.all(runs));
    }, 60_000);

    it.each(cases)('$name: FAILED with $code and a sentence', ({ name, code, message, cause }) => {
      const { event, playback } = outcomes.get(name)!;
      expect(event.recording).toEqual({ state: 'requested' });
      expect(playback).toMatchObject({
        recordingStatus: 'FAILED',
        endReason: 'start_failed',
        videoUrl: null,
        fileSizeBytes: null,
        localPath: null,
      });
      expect(playback.failure?.code).toBe(code);
      expect(playback.failure?.message).toMatch(message);
      expect(playback.failure?.message).toMatch(/^[A-Z].{20,}[.?]$/s);
      const { expectedMs, storedMs, gaps } = playback.completeness;
      expect(storedMs).toBe(0);
      expect(expectedMs).toBe(sumOfGapsMs(playback));
      expect(gaps.map((gap) => gap.cause)).toContain(cause);
    });

    it.each(cases)('$name: the event is stored and can be ended', async ({ name }) => {
      const { event, playback } = outcomes.get(name)!;
      const ended = await service.call('POST', `/events/${event.id}/end`);
      expect(ended).toEqual({ ok: true, eventId: event.id, playbackId: playback.id, recordingStatus: 'FAILED' });
      const stored = await service.call<EventResponse>('GET', `/events/${event.id}`);
      expect(stored).toMatchObject({ id: event.id, playbackId: playback.id, endedAt: expect.any(String) });
    });

    it('leaves no FFmpeg and no file', async () => {
      await waitUntilEmpty(() => service.ffmpegs());
      expect(await service.mediaFiles()).toEqual([]);
      expect(filesUnder(`${service.dataDir}/objects`)).toEqual([]);
    });
  });

  describe('in the middle of an event', () => {
    interface Story {
      camera: VirtualCamera;
      playback: PlaybackResponse;
      /** The frames of the stored video. */
      counters: number[];
      errors: string;
    }

    async function tell(
      name: string,
      disturb: (camera: VirtualCamera, playbackId: string) => Promise<void>,
    ): Promise<Story> {
      const camera = await startCamera();
      const event = await trigger(service, await addCamera(service, camera, { name }));
      await waitForFootage(service, event.playbackId, 2_000);
      await disturb(camera, event.playbackId);
      await endEvent(service, event.id);
      const playback = await waitUntilCompleted(service, event.playbackId);
      const video = await download(service, playback.videoUrl!);
      const [counters, errors] = [await readFrameCounters(video.path), await decodeErrors(video.path)];
      await rm(video.path);
      return { camera, playback, counters, errors };
    }

    async function moreFootage(playbackId: string): Promise<void> {
      const now = (await service.call<PlaybackResponse>('GET', `/playbacks/${playbackId}`)).progress?.durationMs ?? 0;
      await waitForPlayback(service, playbackId, ({ progress }) => (progress?.durationMs ?? 0) >= now + 1_500);
    }

    const gone = async (camera: VirtualCamera) => {
      await camera.refuse(true);
      camera.dropSessions();
      await delay(1_500);
    };
    const stories = new Map<string, Story>();

    beforeAll(async () => {
      const runs = Object.entries({
        gone,
        back: async (camera: VirtualCamera, playbackId: string) => {
          await gone(camera);
          await camera.refuse(false);
          await moreFootage(playbackId);
        },
        stalled: async (camera: VirtualCamera, playbackId: string) => {
          camera.pause();
          await delay(3_000);
          camera.resume();
          await moreFootage(playbackId);
        },
      }).map(async ([name, disturb]) => stories.set(name, await tell(name, disturb)));
      await Promise.all(runs);
    }, 60_000);

    it.each(['gone', 'back', 'stalled'])(
      '%s: COMPLETED with what there is, every millisecond accounted for',
      (name) => {
        const { playback, errors } = stories.get(name)!;
        const { expectedMs, storedMs } = playback.completeness;
        expect(expectedMs).toBe(storedMs! + sumOfGapsMs(playback));
        expect(storedMs).toBeGreaterThan(1_000);
        expect(errors).toBe('');
        const objects = filesUnder(`${service.dataDir}/objects`).filter((file) => file.includes(playback.id));
        expect(objects.filter((file) => file.endsWith('.mp4'))).toEqual([`playbacks/${playback.id}/video.mp4`]);
      },
    );

    it('gone: the gap lasts to the end and says that the camera was lost', () => {
      const { playback, counters, camera } = stories.get('gone')!;
      const last = playback.completeness.gaps.at(-1)!;
      expect(last.cause).toMatch(/^camera_(lost|unreachable)$/);
      expect(Date.parse(last.endAt) - Date.parse(last.startAt)).toBeGreaterThan(1_000);
      expect(Date.parse(last.endAt)).toBe(Date.parse(playback.event!.endedAt!));
      expect(findCounterHoles(counters, camera.loopLength)).toEqual([]);
    });

    it.each([
      ['back', /^camera_(lost|unreachable)$/],
      ['stalled', /^(stalled|camera_lost)$/],
    ] as const)(
      '%s: one gap in the middle, with its cause, as long as what is missing from the picture',
      (name, cause) => {
        const { playback, counters, camera } = stories.get(name)!;
        const gaps = playback.completeness.gaps.filter((gap) => gap.cause !== 'camera_starting');
        expect(gaps).toEqual([expect.objectContaining({ cause: expect.stringMatching(cause) })]);
        const holes = findCounterHoles(counters, camera.loopLength);
        expect(holes.map(({ kind }) => kind)).toEqual(['missing']);
        const lostMs = (holes[0]!.missing * 1_000) / camera.fps;
        expect(
          Math.abs(sumOfGapsMs({ ...playback, completeness: { ...playback.completeness, gaps } }) - lostMs),
        ).toBeLessThan(700);
        expect(camera.stats()).toMatchObject({ sessionsOpened: 2, sessionsOpen: 0 });
      },
    );

    it('leaves no FFmpeg and no local footage', async () => {
      await waitUntilEmpty(() => service.ffmpegs());
      await waitUntilEmpty(() => service.mediaFiles());
    });
  });
});
