import { describe, expect, it } from '@jest/globals';
import { findStalled, type RunningRecording } from '../../../../src/modules/recording/domain/stalled.js';

const NOW_MS = Date.UTC(2026, 0, 31, 12);
const TIMES = { nowMs: NOW_MS, monotonicMs: 500_000, stallTimeoutMs: 10_000 };

/** A recording that has got nothing for a minute, with nothing to say why. */
function quiet(fields: Partial<RunningRecording> = {}): RunningRecording {
  const goesOn = { rangeEndMs: null, isAbandoned: false, lastFailure: null };
  return { playbackId: 'p', cameraId: 'c', ...goesOn, takenAtMs: TIMES.monotonicMs - 60_000, ...fields };
}

const namesOf = (...recordings: RunningRecording[]) =>
  findStalled(recordings, TIMES).map(({ playbackId }) => playbackId);

describe('findStalled', () => {
  it('finds what has got no footage for long, and since when, by the wall clock', () => {
    expect(findStalled([quiet(), quiet({ playbackId: 'q', rangeEndMs: NOW_MS + 1 })], TIMES)).toEqual([
      { playbackId: 'p', cameraId: 'c', sinceMs: NOW_MS - 60_000 },
      { playbackId: 'q', cameraId: 'c', sinceMs: NOW_MS - 60_000 },
    ]);
  });

  it('waits until a silent camera would have failed', () => {
    const ago = (ms: number) => quiet({ takenAtMs: TIMES.monotonicMs - ms });
    expect(namesOf(ago(20_000))).toEqual([]);
    expect(namesOf(ago(20_001))).toEqual(['p']);
    expect(findStalled([quiet()], { ...TIMES, stallTimeoutMs: 30_000 })).toEqual([]);
  });

  it('leaves to the camera what its capture has failed for', () => {
    expect(namesOf(quiet({ lastFailure: {} }))).toEqual([]);
  });

  it('expects nothing of a recording that has had no footage here, that is over, or that is another recorder’s', () => {
    expect(namesOf(quiet({ takenAtMs: null }))).toEqual([]);
    expect(namesOf(quiet({ rangeEndMs: NOW_MS }))).toEqual([]);
    expect(namesOf(quiet({ isAbandoned: true }))).toEqual([]);
  });
});
