import { performance } from 'node:perf_hooks';
import { describe, expect, it } from '@jest/globals';
import { MediaTools } from '../../../src/ffmpeg/media-tools.process.js';
import { CAM, findTools, RIG_LIMITS, SHIPPED_FFMPEG } from '../../support/recorder/capture-rig.js';
import { eventually } from '../../support/recorder/eventually.js';
import { Stage } from '../../support/recorder/stage.js';

/** Less than the first pause after a refused login, by as much as the test may be late to see it. */
const RIG_LOGIN_PAUSE_MS = 300;
const CAMERA = { profile: 'h264-aac', gopSec: 1, username: 'admin', password: 'correct horse' } as const;

describe('CameraCapture', () => {
  it.concurrent('runs one FFmpeg while anybody demands the camera, and none after', async () => {
    await Stage.with(CAMERA, async (stage) => {
      const { capture, told, log } = stage.rig;
      const { stats } = stage.camera;
      for (const who of ['a', 'b', 'c']) capture.demand(who);
      await stage.has(2);
      capture.release('a');
      capture.release('b');
      const before = told.fragments.length;
      await stage.has(before + 2);
      expect([stats().sessionsOpened, told.starts, told.idles]).toEqual([1, 1, 0]);
      capture.release('c');
      await capture.idle();
      await eventually(() => expect(stats().sessionsOpen).toBe(0));
      expect(told).toMatchObject({ starts: 1, idles: 1, failures: [] });
      const [only, ...others] = await log.listCaptures(CAM);
      expect(others).toEqual([]);
      expect(only).toMatchObject({ openSegment: null, endCause: null });
    });
  });

  it.concurrent('gets the frames of the last instant when it is stopped, not only whole seconds', async () => {
    await Stage.with(CAMERA, async (stage) => {
      const { capture, told } = stage.rig;
      const { sentFrames } = stage.camera;
      capture.demand('test');
      await stage.has(2);
      const before = told.fragments.length;
      const stoppedAtMs = Date.now();
      capture.release('test');
      await capture.idle();
      expect(told.fragments.length).toBeGreaterThan(before);
      const got = told.fragments.reduce((sum, { frames }) => sum + frames, 0);
      const sent = sentFrames().filter(({ sentAtMs }) => sentAtMs < stoppedAtMs - 100);
      expect(got).toBeGreaterThanOrEqual(sent.length);
    });
  });

  it.concurrent('opens the camera once more when it is demanded again while FFmpeg is stopping', async () => {
    await Stage.with(CAMERA, async (stage) => {
      const { capture, told, log } = stage.rig;
      const { stats } = stage.camera;
      capture.demand('a');
      await stage.has(1);
      capture.release('a');
      capture.demand('b');
      const before = told.fragments.length;
      await stage.has(before + 3);
      expect(stats()).toMatchObject({ sessionsOpen: 1, sessionsOpened: 2 });
      expect(told).toMatchObject({ starts: 2, idles: 0, failures: [] });
      const [first, second] = await log.readCaptures(CAM);
      expect(told.interruptions.at(-1)).toMatchObject({ cause: 'camera_starting' });
      const lost = told.interruptions.at(-1)!;
      const last = first!.fragments.at(-1)!;
      expect(lost.startMs).toBeCloseTo(first!.epochMs + last.startMs + last.durationMs, 0);
      expect(lost.endMs).toBeGreaterThan(lost.startMs);
      expect(second!.fragments[0]!.isSync).toBe(true);
    });
  });

  it.concurrent('comes back after the camera dropped it, and tells what is missing', async () => {
    await Stage.with(CAMERA, async (stage) => {
      const { capture, told, log } = stage.rig;
      const { dropSessions } = stage.camera;
      capture.demand('test');
      await stage.has(2);
      dropSessions();
      await eventually(() => expect(told.failures.map(({ code }) => code)).toEqual(['RECORDING.CAMERA_LOST']));
      const before = told.fragments.length;
      await stage.has(before + 2);
      const captures = await log.readCaptures(CAM);
      expect(captures.map(({ endCause }) => endCause)).toEqual(['camera_lost', null]);
      const lost = told.interruptions.find(({ cause }) => cause === 'camera_lost')!;
      const last = captures[0]!.fragments.at(-1)!;
      expect(Math.abs(lost.startMs - captures[0]!.epochMs - last.startMs - last.durationMs)).toBeLessThan(1_000);
      expect(Math.abs(lost.endMs - captures[1]!.epochMs - captures[1]!.fragments[0]!.startMs)).toBeLessThan(1_500);
    });
  });

  it.concurrent('notices a stream that has stalled, and goes on when it comes again', async () => {
    await Stage.with(CAMERA, async (stage) => {
      const { capture, told } = stage.rig;
      const { pause, resume } = stage.camera;
      capture.demand('test');
      await stage.has(2);
      pause();
      await eventually(() => expect(told.failures[0]).toMatchObject({ code: 'RECORDING.STALLED', cause: 'stalled' }));
      resume();
      const before = told.fragments.length;
      await stage.has(before + 2);
      expect(told.interruptions.find(({ cause }) => cause === 'stalled')!.endMs).toBeGreaterThan(0);
    });
  });

  it.concurrent.each([
    ['found by itself', undefined],
    ['of 2018, which does not say why it ends', SHIPPED_FFMPEG],
  ])('knows a stall when FFmpeg ends by itself before it is asked to: FFmpeg %s', async (_which, path) => {
    const limits = { ...RIG_LIMITS };
    await Stage.with(
      CAMERA,
      async (stage) => {
        const { capture, told } = stage.rig;
        const { pause } = stage.camera;
        capture.demand('test');
        await stage.has(2);
        // FFmpeg has its own limit already: now it is the one that notices first, as on a machine too busy to look.
        limits.stallTimeoutMs = 1.8 * RIG_LIMITS.stallTimeoutMs;
        pause();
        await eventually(() => expect(told.failures[0]).toMatchObject({ code: 'RECORDING.STALLED', cause: 'stalled' }));
      },
      { tools: await findTools(path), deps: { limits } },
    );
  });

  it.concurrent('stops within its time when the stream has stalled and FFmpeg does not listen', async () => {
    await Stage.with(
      CAMERA,
      async (stage) => {
        const { capture, told } = stage.rig;
        const { pause } = stage.camera;
        capture.demand('test');
        await stage.has(2);
        pause();
        const pausedAtMs = performance.now();
        await eventually(() => expect(performance.now() - pausedAtMs).toBeGreaterThan(3_500));
        const begunAtMs = performance.now();
        capture.release('test');
        await capture.idle();
        expect(performance.now() - begunAtMs).toBeLessThan(5_000);
        expect(told.interruptions.at(-1)).toMatchObject({ cause: 'stalled' });
      },
      {
        deps: { limits: { ...RIG_LIMITS, connectTimeoutMs: 60_000, stallTimeoutMs: 60_000, stopTimeoutMs: 1_000 } },
      },
    );
  });

  it.concurrent('does not wait for a camera that never answers when nobody wants it any more', async () => {
    const never = { locate: () => new Promise<never>(() => {}) };
    await Stage.with(
      CAMERA,
      async (stage) => {
        const { capture, told } = stage.rig;
        capture.demand('test');
        capture.release('test');
        await capture.idle();
        expect(told).toMatchObject({ starts: 0, idles: 1, failures: [] });
      },
      { deps: { locator: never as never } },
    );
  });

  it.concurrent('says at once that the password is wrong, without starting FFmpeg', async () => {
    await Stage.with(CAMERA, async (stage) => {
      const { capture, told } = stage.rig;
      const { faults, stats } = stage.camera;
      await faults.set({ wrongPassword: true });
      capture.demand('test');
      await eventually(() => expect(told.failures).not.toEqual([]));
      // Hurry brings on no more refused logins: cameras lock accounts.
      capture.hurry();
      capture.demand('another');
      capture.release('another');
      const [refusedAtMs, before] = [Date.now(), told.failures.length];
      await eventually(() => expect(told.failures.length).toBeGreaterThan(before));
      expect(Date.now() - refusedAtMs).toBeGreaterThan(RIG_LOGIN_PAUSE_MS);
      expect(told.failures[0]).toMatchObject({ code: 'CAMERA.WRONG_PASSWORD', permanent: true });
      expect([told.starts, stats().sessionsOpened]).toEqual([0, 0]);
      await faults.set({ wrongPassword: false });
      await stage.has(1);
    });
  });

  it.concurrent('says that FFmpeg could not be started', async () => {
    const { ffmpeg, ffprobe } = await findTools();
    const tools = new MediaTools({ ...ffmpeg!, path: '/nowhere/ffmpeg' }, ffprobe, null);
    await Stage.with(
      CAMERA,
      async (stage) => {
        const { capture, told } = stage.rig;
        capture.demand('test');
        await eventually(() => expect(told.failures[0]).toBeDefined());
        expect(told.failures[0]).toMatchObject({ code: 'RECORDING.FFMPEG_FAILED', cause: 'ffmpeg_failed' });
        expect(told.failures[0]!.message).toMatch(/could not be started/);
      },
      { tools },
    );
  });

  it.concurrent('does not start while the node refuses to record', async () => {
    const full = { code: 'RECORDING.DISK_FULL', message: 'Full.', cause: 'disk_full', permanent: true } as const;
    let refusal: typeof full | null = full;
    await Stage.with(
      CAMERA,
      async (stage) => {
        const { capture, told } = stage.rig;
        capture.demand('test');
        await eventually(() => expect(told.failures).toEqual([full]));
        expect(told.starts).toBe(0);
        refusal = null;
        capture.hurry();
        await stage.has(1);
      },
      { deps: { refusal: async () => refusal } },
    );
  });

  it.concurrent('tells the silence that lasts, and goes on telling it', async () => {
    await Stage.with(CAMERA, async (stage) => {
      const { capture, told } = stage.rig;
      const { refuse } = stage.camera;
      await refuse(true);
      capture.demand('test');
      await eventually(() => expect(told.failures.length).toBeGreaterThan(0));
      capture.flushInterruption();
      const [first, ...others] = told.interruptions;
      expect(others).toEqual([]);
      expect(first).toMatchObject({ cause: 'camera_unreachable' });
      await refuse(false);
      await stage.has(1);
      const { id, startMs } = first!;
      expect(told.interruptions[0]).toMatchObject({ id, startMs, cause: 'camera_unreachable' });
      expect(told.interruptions[0]!.endMs).toBeGreaterThan(first!.endMs);
    });
  });

  it.concurrent('tells an interruption while it lasts, without being asked', async () => {
    await Stage.with(CAMERA, async (stage) => {
      const { capture, told } = stage.rig;
      await stage.camera.refuse(true);
      capture.demand('test');
      await eventually(() => expect(told.interruptions).toMatchObject([{ cause: 'camera_unreachable' }]), 20_000);
      const [{ startMs, endMs } = { startMs: 0, endMs: 0 }] = told.interruptions;
      expect(endMs - startMs).toBeGreaterThanOrEqual(9_000);
      await eventually(() => expect(told.interruptions[0]!.endMs).toBeGreaterThan(endMs), 20_000);
      expect(told.interruptions).toHaveLength(1);
    });
  });
});
