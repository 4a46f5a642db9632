import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { CaptureWatch } from '../../../src/modules/capture/capture-watch.js';
import type { FfmpegProcess } from '../../../src/modules/capture/ffmpeg.process.js';

const LIMITS = { stallTimeoutMs: 4_000, keyFrameTimeoutMs: 30_000, lookTimeoutMs: 30_000 };
const AWAY_MS = 50;

describe('CaptureWatch', () => {
  it('does not hold against a camera the time in which nobody listened, but knows how long FFmpeg has given nothing', async () => {
    const ffmpeg = { progress: null, stdout: { readableLength: 0 } } as unknown as FfmpegProcess;
    const watch = new CaptureWatch(ffmpeg, LIMITS, () => true);
    watch.noteFragment();
    await delay(AWAY_MS);
    expect(watch.silentMs).toBe(0);
    // A timer may be a millisecond early.
    expect(watch.longestUnheardMs).toBeGreaterThan(AWAY_MS - 2);
  });

  it('counts the wait before what FFmpeg gives when it ends: it had heard nothing until then', async () => {
    const ffmpeg = { progress: null, stdout: { readableLength: 0 } } as unknown as FfmpegProcess;
    const watch = new CaptureWatch(ffmpeg, LIMITS, () => false);
    watch.noteFragment();
    await delay(AWAY_MS);
    watch.noteFragment();
    expect(watch.longestUnheardMs).toBeGreaterThan(AWAY_MS - 2);
  });
});
