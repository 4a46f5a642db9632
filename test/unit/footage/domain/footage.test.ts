import { describe, expect, it } from '@jest/globals';
import {
  type CaptureFootage,
  coveredSpans,
  findStalls,
  selectFootage,
  type StoredFragment,
  type Take,
} from '../../../../src/modules/footage/domain/footage.js';

/** One fragment a second; `K` begins with a key frame. */
function capture(captureId: string, epochMs: number, pattern: string): CaptureFootage {
  const fragments = [...pattern].map((mark, index) => ({
    ...{ segment: '000001.m4s', offset: index * 100, moofBytes: 10, sizeBytes: 100 },
    ...{ startMs: index * 1_000, durationMs: 1_000, frames: 25, isSync: mark === 'K' },
  }));
  return { captureId, epochMs, configDigest: 'same', fragments };
}

function select(captures: CaptureFootage[], startMs: number, endMs: number) {
  return selectFootage(captures, { startMs, endMs }).map(({ capture: { captureId }, fragments, span }) => [
    captureId,
    fragments.map(({ offset }) => offset / 100),
    span.startMs,
    span.endMs,
  ]);
}

describe('selectFootage', () => {
  const one = capture('a', 100_000, 'K.K.K.');

  it('begins at the last key frame before the range and ends with the fragment that reaches its end', () => {
    expect(select([one], 101_500, 103_200)).toEqual([['a', [0, 1, 2, 3], 100_000, 104_000]]);
    expect(select([one], 102_000, 103_000)).toEqual([['a', [2], 102_000, 103_000]]);
  });

  it('takes the next fragment too when pictures of the range lean on it', () => {
    const fragments = one.fragments.map((fragment) => ({ ...fragment, leanMs: 80 }));
    const leaning = { ...one, fragments };
    expect(select([leaning], 102_000, 102_920)).toEqual([['a', [2], 102_000, 103_000]]);
    expect(select([leaning], 102_000, 102_921)).toEqual([['a', [2, 3], 102_000, 104_000]]);
  });

  it('begins at the first key frame after it when there is none before', () => {
    expect(select([capture('a', 100_000, '..K.')], 100_500, 104_000)).toEqual([['a', [2, 3], 102_000, 104_000]]);
  });

  it('selects nothing of captures outside the range or without a key frame', () => {
    expect(select([one], 106_000, 109_000)).toEqual([]);
    expect(select([one], 90_000, 100_000)).toEqual([]);
    expect(select([capture('a', 100_000, '...')], 100_000, 109_000)).toEqual([]);
    expect(select([capture('a', 100_000, '')], 100_000, 109_000)).toEqual([]);
  });

  it('gives several captures in order of time', () => {
    const later = capture('b', 110_000, 'K.');
    expect(select([later, one], 104_000, 111_000)).toEqual([
      ['a', [4, 5], 104_000, 106_000],
      ['b', [0], 110_000, 111_000],
    ]);
  });
});

describe('findStalls', () => {
  const fragment = (startMs: number, ...longStills: { startMs: number; durationMs: number }[]): StoredFragment => ({
    ...{
      segment: '000001.m4s',
      offset: 0,
      moofBytes: 1,
      sizeBytes: 2,
      startMs,
      durationMs: 1_000,
      frames: 25,
      isSync: true,
    },
    ...(longStills.length > 0 ? { longStills } : {}),
    durationMs: 1_000 + longStills.reduce((sum, { durationMs }) => sum + durationMs - 40, 0),
  });
  const takeOf = (...fragments: StoredFragment[]): Take => ({
    capture: { captureId: 'c', epochMs: 50_000, configDigest: 'd', fragments },
    fragments,
    span: { startMs: 50_000, endMs: 56_000 },
  });

  it('finds the silence behind a picture that stood far longer than its neighbours', () => {
    const take = takeOf(fragment(0), fragment(1_000, { startMs: 1_960, durationMs: 3_040 }), fragment(5_000));
    const stalls = findStalls(take);
    expect(stalls).toEqual([{ startMs: 52_000, endMs: 55_000 }]);
    expect(coveredSpans(take, stalls)).toEqual([
      { startMs: 50_000, endMs: 52_000, firstStepMs: 40, lastStepMs: 0 },
      { startMs: 55_000, endMs: 56_000, firstStepMs: 0, lastStepMs: 40 },
    ]);
  });

  it('finds every silence of a fragment, and only what is much longer than a frame', () => {
    const stills = [
      { startMs: 1_000, durationMs: 190 },
      { startMs: 1_400, durationMs: 240 },
      { startMs: 1_800, durationMs: 1_040 },
    ];
    const take = takeOf(fragment(0), fragment(1_000, ...stills), fragment(3_350));
    expect(findStalls(take)).toEqual([
      { startMs: 51_440, endMs: 51_640 },
      { startMs: 51_840, endMs: 52_840 },
    ]);
  });

  it('does not call pictures missing that were only late', () => {
    const still = { startMs: 1_760, durationMs: 240 };
    const late = { ...fragment(1_000), frames: 20, longStills: [still] };
    const caughtUp = { ...fragment(2_000), frames: 30 };
    expect(findStalls(takeOf(fragment(0), late, caughtUp, fragment(3_000)))).toEqual([]);
    // Within its own fragment, too.
    expect(findStalls(takeOf(fragment(0), { ...late, frames: 25 }, fragment(2_000)))).toEqual([]);
    expect(findStalls(takeOf(fragment(0), late, fragment(2_000), caughtUp))).toHaveLength(1);
    expect(findStalls(takeOf(fragment(0), late))).toHaveLength(1);
    // More than that is not made up for: a rate that rises behind a stall must not hide it.
    const long = { ...fragment(1_000), frames: 10, longStills: [{ startMs: 1_400, durationMs: 600 }] };
    expect(findStalls(takeOf(fragment(0), long, { ...caughtUp, frames: 50 }))).toHaveLength(1);
  });

  it('does not call a slow camera stalled', () => {
    const slow = (startMs: number) => ({
      ...fragment(startMs),
      frames: 1,
      longStills: [{ startMs, durationMs: 1_000 }],
    });
    expect(findStalls(takeOf(slow(0), slow(1_000), slow(2_000)))).toEqual([]);
  });

  it('does not call a camera stalled that sends fewer pictures for a while', () => {
    const slowFor = (...durations: number[]) => {
      let at = 1_960;
      return durations.map((durationMs) => ({ startMs: (at += durationMs) - durationMs, durationMs }));
    };
    const during = (...durations: number[]) => takeOf(fragment(0), fragment(1_000, ...slowFor(...durations)));
    for (const rate of [
      [1_000, 1_000],
      [900, 1_100, 1_000, 1_300],
      [2_000, 4_000, 3_000],
    ]) {
      expect(findStalls(during(...rate))).toEqual([]);
    }
    // A silence among them is one, and so are two that are not alike.
    expect(findStalls(during(1_000, 1_000, 9_000, 1_000, 1_000))).toHaveLength(1);
    expect(findStalls(during(1_000, 3_000))).toHaveLength(2);
  });

  it('finds a silence at the usual rate also where most pictures of a recording stood for long', () => {
    const slow = [5_000, 6_000, 7_000, 8_000].map((startMs) => ({
      ...fragment(startMs),
      ...{ frames: 1, durationMs: 1_000, longStills: [{ startMs, durationMs: 1_000 }] },
    }));
    const take = takeOf(fragment(0), fragment(1_000, { startMs: 1_960, durationMs: 3_040 }), ...slow);
    expect(findStalls(take)).toHaveLength(1);
  });

  it('takes nothing away from footage without one', () => {
    const take = takeOf(fragment(0), fragment(1_000));
    expect(findStalls(take)).toEqual([]);
    expect(coveredSpans(take, [])).toEqual([{ ...take.span, firstStepMs: 40, lastStepMs: 40 }]);
  });

  it('has the rate of each end, whatever most of the footage has', () => {
    const slow = (startMs: number) => ({
      ...fragment(startMs),
      frames: 1,
      longStills: [{ startMs, durationMs: 1_000 }],
    });
    const slowly = [1_000, 2_000, 3_000, 4_000].map(slow);
    const stepsOf = (...fragments: StoredFragment[]) => {
      const [covered] = coveredSpans(takeOf(...fragments), []);
      return [covered!.firstStepMs, covered!.lastStepMs];
    };
    expect(stepsOf(fragment(0), ...slowly)).toEqual([40, 1_000]);
    expect(stepsOf(...slowly, fragment(5_000))).toEqual([1_000, 40]);
    // FFmpeg gives the last picture of a session the usual time of all, whatever those before it had.
    expect(stepsOf(fragment(0), ...slowly, { ...fragment(5_000), frames: 1, durationMs: 40 })).toEqual([40, 1_000]);
    const slowing = [1_960, 2_960].map((startMs) => ({ startMs, durationMs: 1_000 }));
    expect(stepsOf(fragment(0), fragment(1_000, ...slowing))).toEqual([40, 1_000]);
  });

  it('does not take a stall at an end for a slow rate', () => {
    const take = takeOf(fragment(0), fragment(1_000, { startMs: 1_960, durationMs: 4_040 }));
    const stalls = findStalls(take);
    expect(stalls).toEqual([{ startMs: 52_000, endMs: 56_000 }]);
    expect(coveredSpans(take, stalls).at(-1)).toMatchObject({ firstStepMs: 0, lastStepMs: 40 });
  });
});
