import { afterEach, describe, expect, it } from '@jest/globals';
import { startVirtualCamera, type VirtualCamera } from '../../../tools/virtual-camera/index.js';
import type { CaptureFailure } from '../../../src/modules/recording/domain/failure.js';
import { type CaptureRig, makeCaptureRig } from './support/capture-rig.js';
import { eventually } from './support/eventually.js';

type Fault = Parameters<VirtualCamera['faults']['set']>[0];

describe('CameraCapture', () => {
  let camera: VirtualCamera;
  let rig: CaptureRig;
  afterEach(async () => {
    await rig.remove();
    await camera.stop();
  });

  async function start(): Promise<void> {
    camera = await startVirtualCamera({ profile: 'h264-silent', gopSec: 1, username: 'admin', password: 'secret' });
    rig = await makeCaptureRig(camera);
  }

  const moreFootage = async (count = 2) => {
    const before = rig.told.fragments.length;
    await eventually(() => expect(rig.told.fragments.length).toBeGreaterThanOrEqual(before + count));
  };
  const failures = () => rig.told.failures.map(({ code }) => code);
  const said = (code: string) => eventually(() => expect(failures()).toContain(code));

  it.each<[string, Fault, Partial<CaptureFailure>]>([
    ['refuses the password', { wrongPassword: true }, { code: 'CAMERA.WRONG_PASSWORD', cause: 'camera_refused' }],
    ['knows no such stream', { notFound: true }, { code: 'CAMERA.STREAM_NOT_FOUND', cause: 'camera_refused' }],
    ['is unavailable', { unavailable: true }, { code: 'CAMERA.RTSP_FAILED', cause: 'camera_unreachable' }],
    ['has no session left', { maxSessions: 0 }, { code: 'CAMERA.BUSY_SESSIONS', cause: 'camera_refused' }],
    ['takes no connection', { refusing: true }, { code: 'CAMERA.UNREACHABLE', cause: 'camera_unreachable' }],
  ])('goes on by itself after a camera that %s in the middle', async (_what, fault, failure) => {
    await start();
    rig.capture.demand('test');
    await moreFootage();
    await camera.faults.set(fault);
    camera.dropSessions();
    await said(failure.code!);
    expect(rig.told.failures.find(({ code }) => code === failure.code)).toMatchObject(failure);
    expect(rig.capture.failure).toMatchObject({ code: failure.code });
    expect(rig.capture.isHopeless).toBe(false);
    await camera.faults.clear(Object.keys(fault) as never);
    await moreFootage();
    expect(rig.capture.failure).toBeNull();
    const causes = rig.told.interruptions.map(({ cause }) => cause);
    expect(causes).toContain('camera_lost');
    expect(causes).toContain(failure.cause);
    expect(camera.stats().sessionsOpen).toBe(1);
  });

  it.each([
    ['does not answer', () => new Promise<never>(() => {})],
    ['is away', () => Promise.reject(new Error('connection refused'))],
  ])('opens the camera that it knows when the database %s', async (_what, load) => {
    await start();
    rig.capture.demand('test');
    await moreFootage();
    rig.source.load = load;
    camera.dropSessions();
    await eventually(() => expect(camera.stats()).toMatchObject({ sessionsOpened: 2, sessionsOpen: 1 }));
    await moreFootage();
    expect(failures()).toEqual(['RECORDING.CAMERA_LOST']);
  });

  it('believes a refused password when it is refused once more, and takes it back when it is not', async () => {
    await start();
    await camera.faults.set({ wrongPassword: true });
    rig.capture.demand('test');
    await eventually(() => expect(failures()).toEqual(['CAMERA.WRONG_PASSWORD']));
    expect(rig.capture.isHopeless).toBe(false);
    await eventually(() => expect(failures()).toEqual(['CAMERA.WRONG_PASSWORD', 'CAMERA.WRONG_PASSWORD']));
    expect(rig.capture.isHopeless).toBe(true);
    await camera.faults.set({ wrongPassword: false });
    await moreFootage(1);
    expect(rig.capture.isHopeless).toBe(false);
  });

  it('does not log in once more for each further demand, but at once when the address or password was changed', async () => {
    await start();
    await camera.faults.set({ wrongPassword: true });
    rig.capture.demand('a');
    await eventually(() => expect(failures()).toHaveLength(2)); // the next one is due after some eight seconds
    for (const who of ['b', 'c', 'd']) rig.capture.demand(who);
    const refused = camera.stats().authFailures;
    await camera.faults.set({ wrongPassword: false });
    rig.row.updatedAt = new Date(rig.row.updatedAt.getTime() + 1);
    await moreFootage(1);
    expect([failures().length, camera.stats().authFailures]).toEqual([2, refused]);
    for (const who of ['a', 'b', 'c', 'd']) rig.capture.release(who);
  });

  it('does not let a new demand wait for the pause after a failure', async () => {
    await start();
    await camera.faults.set({ notFound: true });
    rig.capture.demand('a');
    await eventually(() => expect(failures().length).toBeGreaterThanOrEqual(6)); // the next one is due after four seconds or more
    const before = failures().length;
    rig.capture.demand('b');
    await eventually(() => expect(failures().length).toBeGreaterThan(before), 3_000);
    rig.capture.release('b');
    rig.capture.release('a');
  });

  it('opens the camera anew when it is told that it is another one now', async () => {
    await start();
    rig.capture.demand('test');
    await moreFootage();
    rig.capture.restart();
    await eventually(() => expect(camera.stats()).toMatchObject({ sessionsOpened: 2, sessionsOpen: 1 }));
    await moreFootage();
    expect(failures()).toEqual([]);
  });

  it('ends for everybody when it is killed', async () => {
    await start();
    for (const who of ['a', 'b']) rig.capture.demand(who);
    await moreFootage();
    rig.capture.kill();
    await rig.capture.idle();
    expect(rig.told).toMatchObject({ starts: 1, idles: 1 });
    await eventually(() => expect(camera.stats().sessionsOpen).toBe(0));
    for (const who of ['a', 'b']) rig.capture.release(who);
    expect(rig.told.starts).toBe(1);
  });
});
