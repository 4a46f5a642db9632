import { describe, expect, it } from '@jest/globals';
import { findStandstill, type Liveness } from '../../../../src/modules/capture/domain/liveness.js';

const limits = { stallTimeoutMs: 10_000, keyFrameTimeoutMs: 180_000, lookTimeoutMs: 120_000 };
const starting: Liveness = { runsMs: 1_000, isLooking: true, pictureAgoMs: null, fragmentAgoMs: null };
const find = (change: Partial<Liveness>, more = {}) =>
  findStandstill({ ...starting, ...change }, { ...limits, ...more })?.code ?? null;

describe('findStandstill', () => {
  it('lets FFmpeg look at a stream for long: it ends by itself when it hears nothing', () => {
    expect(find({ runsMs: 119_000 })).toBeNull();
    expect(find({ runsMs: 121_000 })).toBe('RECORDING.LOOK_TIMEOUT');
  });

  it('waits for the key frame of a camera that sends pictures', () => {
    expect(find({ isLooking: false, runsMs: 179_000, pictureAgoMs: 40 })).toBeNull();
    expect(find({ isLooking: false, runsMs: 181_000, pictureAgoMs: 40 })).toBe('RECORDING.NO_KEY_FRAME');
    expect(find({ isLooking: false, runsMs: 20_000, pictureAgoMs: 10_500 })).toBe('RECORDING.STALLED');
  });

  it('waits for pictures that begin late, but less when there is another track to try', () => {
    expect(find({ isLooking: false, runsMs: 60_000 })).toBeNull();
    expect(find({ isLooking: false, runsMs: 181_000 })).toBe('RECORDING.NO_PICTURES');
    expect(find({ isLooking: false, runsMs: 60_000 }, { noPicturesMs: 10_000 })).toBe('RECORDING.NO_PICTURES');
  });

  it('calls stalled what sends nothing any more', () => {
    const recording = { isLooking: false, runsMs: 60_000 };
    expect(find({ ...recording, pictureAgoMs: 9_000, fragmentAgoMs: 9_500 })).toBeNull();
    expect(find({ ...recording, pictureAgoMs: 10_100, fragmentAgoMs: 10_500 })).toBe('RECORDING.STALLED');
    expect(find({ ...recording, pictureAgoMs: null, fragmentAgoMs: 10_500 })).toBe('RECORDING.STALLED');
  });

  it('does not call stalled what is heard, as long as it may take to a key frame', () => {
    const recording = { isLooking: false, runsMs: 600_000, pictureAgoMs: 500 };
    expect(find({ ...recording, fragmentAgoMs: 60_000 })).toBeNull();
    expect(find({ ...recording, fragmentAgoMs: 181_000 })).toBe('RECORDING.STALLED');
  });
});
