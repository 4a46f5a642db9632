import { describe, expect, it } from '@jest/globals';
import { LabCameras } from '../../../tools/faults/cameras.js';
import { makeCaptureRig, RIG_LIMITS } from '../../support/recorder/capture-rig.js';
import { eventually } from '../../support/recorder/eventually.js';

/** Nothing in this process runs meanwhile, as when a camera's answer is parsed for long. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('CameraCapture, in a process that is away', () => {
  it('takes its own absence for no silence of the camera', async () => {
    const camera = {
      name: 'a',
      profile: 'h264-silent',
      gopSec: 1,
      preRollSec: 0,
      postRollSec: 0,
      onvif: false,
    } as const;
    const cameras = await LabCameras.start([camera]);
    const [info] = cameras.infos;
    const login = { username: 'viewer', password: 'fault-lab-camera' };
    const rig = await makeCaptureRig({ ...info!, ...login } as never, {
      deps: { limits: { ...RIG_LIMITS, stallTimeoutMs: 2_000 } },
    });
    try {
      rig.capture.demand('test');
      await eventually(() => expect(rig.told.fragments.length).toBeGreaterThanOrEqual(2));
      for (let times = 0; times < 2; times += 1) {
        block(RIG_LIMITS.stallTimeoutMs);
        const before = rig.told.fragments.length;
        await eventually(() => expect(rig.told.fragments.length).toBeGreaterThan(before + 2));
      }
      expect(rig.told).toMatchObject({ starts: 1, failures: [] });
      const { fragments } = rig.told;
      const ends = fragments.map(({ startMs, durationMs }) => startMs + durationMs);
      fragments.slice(1).forEach(({ startMs }, index) => expect(startMs - ends[index]!).toBeLessThan(60));
    } finally {
      await rig.remove();
      await cameras.stop();
    }
  });
});
