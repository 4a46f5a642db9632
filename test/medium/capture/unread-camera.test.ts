import { describe, expect, it } from '@jest/globals';
import { runningFfmpegs } from '../../../src/ffmpeg/ffmpeg-spawn.process.js';
import { findTools, SHIPPED_FFMPEG } from '../../support/recorder/capture-rig.js';
import { eventually } from '../../support/recorder/eventually.js';
import { Stage } from '../../support/recorder/stage.js';

async function play(stage: Stage): Promise<void> {
  const { camera } = stage;
  const { capture } = stage.rig;
  const untilBehind = (isBehind: boolean) => eventually(() => expect(capture.isBehind).toBe(isBehind));
  expect(capture.isBehind).toBe(false);
  capture.demand('test');
  await stage.more(2);
  const pid = runningFfmpegs()[0]!;
  process.kill(pid, 'SIGSTOP');
  try {
    await untilBehind(true);
    await camera.faults.set({ stalled: true });
    process.kill(pid, 'SIGCONT');
    await untilBehind(false);
    // Nobody reads, and there is nothing to read.
    process.kill(pid, 'SIGSTOP');
    expect(capture.isBehind).toBe(false);
    await camera.faults.set({ stalled: false });
    await untilBehind(true);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

describe('CameraCapture, asked whether FFmpeg is behind', () => {
  it.each([
    ['the FFmpeg at hand', undefined],
    ['the one that is shipped', SHIPPED_FFMPEG],
  ])('says so of what was sent and not read, and not of a camera that sends nothing (%s)', async (_which, path) => {
    const options = { profile: 'h264-aac', gopSec: 1 } as const;
    await Stage.with(options, play, { tools: await findTools(path) });
  });
});
