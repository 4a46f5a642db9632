import type { VirtualCamera } from '@hindsight/virtual-camera';
import { describe, expect, it } from '@jest/globals';
import type { CaptureFailure } from '../../../src/modules/capture/domain/failure.js';
import { eventually } from '../../support/recorder/eventually.js';
import { Stage } from '../../support/recorder/stage.js';

type Fault = Parameters<VirtualCamera['faults']['set']>[0];

const CAMERA = { profile: 'h264-silent', gopSec: 1, username: 'admin', password: 'secret' } as const;

describe('CameraCapture', () => {
  it.concurrent.each<[string, Fault, Partial<CaptureFailure>]>([
    ['refuses the password', { wrongPassword: true }, { code: 'CAMERA.WRONG_PASSWORD', cause: 'camera_refused' }],
    ['knows no such stream', { notFound: true }, { code: 'CAMERA.STREAM_NOT_FOUND', cause: 'camera_refused' }],
    ['is unavailable', { unavailable: true }, { code: 'CAMERA.RTSP_FAILED', cause: 'camera_unreachable' }],
    ['has no session left', { maxSessions: 0 }, { code: 'CAMERA.BUSY_SESSIONS', cause: 'camera_refused' }],
    ['takes no connection', { refusing: true }, { code: 'CAMERA.UNREACHABLE', cause: 'camera_unreachable' }],
  ])('goes on by itself after a camera that %s in the middle', (_what, fault, failure) =>
    Stage.with(CAMERA, async (stage) => {
      const { camera, rig } = stage;
      rig.capture.demand('test');
      await stage.more(2);
      await camera.faults.set(fault);
      camera.dropSessions();
      await stage.said(failure.code!);
      expect(rig.told.failures.find(({ code }) => code === failure.code)).toMatchObject(failure);
      expect(rig.capture.failure).toMatchObject({ code: failure.code });
      expect(rig.capture.isHopeless).toBe(false);
      await camera.faults.clear(Object.keys(fault) as never);
      await stage.more(2);
      expect(rig.capture.failure).toBeNull();
      const causes = rig.told.interruptions.map(({ cause }) => cause);
      expect(causes).toContain('camera_lost');
      expect(causes).toContain(failure.cause);
      expect(camera.stats().sessionsOpen).toBe(1);
    }),
  );

  it.concurrent.each([
    ['does not answer', () => new Promise<never>(() => {})],
    ['is away', () => Promise.reject(new Error('connection refused'))],
  ])('opens the camera that it knows when the database %s', (_what, load) =>
    Stage.with(CAMERA, async (stage) => {
      const { camera, rig } = stage;
      rig.capture.demand('test');
      await stage.more(2);
      rig.source.load = load;
      camera.dropSessions();
      await eventually(() => expect(camera.stats()).toMatchObject({ sessionsOpened: 2, sessionsOpen: 1 }));
      await stage.more(2);
      expect(stage.failures).toEqual(['RECORDING.CAMERA_LOST']);
    }),
  );

  it.concurrent('believes a refused password when it is refused once more, and takes it back when it is not', () =>
    Stage.with(CAMERA, async (stage) => {
      const { camera, rig } = stage;
      await camera.faults.set({ wrongPassword: true });
      rig.capture.demand('test');
      await eventually(() => expect(stage.failures).toEqual(['CAMERA.WRONG_PASSWORD']));
      expect(rig.capture.isHopeless).toBe(false);
      await eventually(() => expect(stage.failures).toEqual(['CAMERA.WRONG_PASSWORD', 'CAMERA.WRONG_PASSWORD']));
      expect(rig.capture.isHopeless).toBe(true);
      await camera.faults.set({ wrongPassword: false });
      await stage.more(1);
      expect(rig.capture.isHopeless).toBe(false);
    }),
  );

  it.concurrent(
    'does not log in once more for each further demand, but at once when the address or password was changed',
    () =>
      Stage.with(CAMERA, async (stage) => {
        const { camera, rig } = stage;
        await camera.faults.set({ wrongPassword: true });
        rig.capture.demand('a');
        await eventually(() => expect(stage.failures).toHaveLength(2)); // the next one is due after some eight seconds
        for (const who of ['b', 'c', 'd']) rig.capture.demand(who);
        const refused = camera.stats().authFailures;
        await camera.faults.set({ wrongPassword: false });
        rig.row.updatedAt = new Date(rig.row.updatedAt.getTime() + 1);
        await stage.more(1);
        expect([stage.failures.length, camera.stats().authFailures]).toEqual([2, refused]);
        for (const who of ['a', 'b', 'c', 'd']) rig.capture.release(who);
      }),
  );

  it.concurrent('does not let a new demand wait for the pause after a failure', () =>
    Stage.with(CAMERA, async (stage) => {
      const { camera, rig } = stage;
      await camera.faults.set({ notFound: true });
      rig.capture.demand('a');
      await eventually(() => expect(stage.failures.length).toBeGreaterThanOrEqual(6)); // the next one is due after four seconds or more
      const before = stage.failures.length;
      rig.capture.demand('b');
      await eventually(() => expect(stage.failures.length).toBeGreaterThan(before), 3_000);
      rig.capture.release('b');
      rig.capture.release('a');
    }),
  );

  it.concurrent('opens the camera anew when it is told that it is another one now', () =>
    Stage.with(CAMERA, async (stage) => {
      const { camera, rig } = stage;
      rig.capture.demand('test');
      await stage.more(2);
      rig.capture.restart();
      await eventually(() => expect(camera.stats()).toMatchObject({ sessionsOpened: 2, sessionsOpen: 1 }));
      await stage.more(2);
      expect(stage.failures).toEqual([]);
    }),
  );

  it.concurrent('ends for everybody when it is killed', () =>
    Stage.with(CAMERA, async (stage) => {
      const { camera, rig } = stage;
      for (const who of ['a', 'b']) rig.capture.demand(who);
      await stage.more(2);
      rig.capture.kill();
      await rig.capture.idle();
      expect(rig.told).toMatchObject({ starts: 1, idles: 1 });
      await eventually(() => expect(camera.stats().sessionsOpen).toBe(0));
      for (const who of ['a', 'b']) rig.capture.release(who);
      expect(rig.told.starts).toBe(1);
    }),
  );
});
