import { describe, expect, it } from '@jest/globals';
import { cutUnfinishedOrder, mendFirstFrames } from '../../../src/mp4/fragment-repair.js';
import type { InitSegment } from '../../../src/mp4/init-segment.js';
import { readTrackFragments } from '../../../src/mp4/track-fragment.js';
import { makeMoof, readFixture } from '../../support/footage.js';

function videoOf(moof: Buffer, init: InitSegment) {
  return readTrackFragments(moof, init).find(({ track }) => track === init.video)!;
}

function shownAt(moof: Buffer, init: InitSegment): number[] {
  const { startTicks, samples } = videoOf(moof, init);
  let at = startTicks;
  return samples.map(({ durationTicks, compositionTicks }) => (at += durationTicks) - durationTicks + compositionTicks);
}

const STEP = 1_024;

/** Frames one step apart, but those of `burst` one tick apart, as FFmpeg leaves them when it guessed the first time too late. */
function makeStart([from, to]: [number, number], shownSteps: number[]): Buffer {
  const lost = (index: number) => (Math.max(from, Math.min(index, to)) - from) * (STEP - 1);
  const samples = shownSteps.map((steps, index) => ({
    durationTicks: index >= from && index < to ? 1 : STEP,
    compositionTicks: steps * STEP - (lost(to) - lost(index)),
  }));
  return makeMoof(10_000 + lost(to), samples);
}

describe('mendFirstFrames', () => {
  const { init } = readFixture('h264-aac');

  it('puts crammed frames back to where they were taken, before the ones that stand right', () => {
    const samples = Array.from({ length: 8 }, () => ({ durationTicks: STEP, compositionTicks: 0 }));
    for (const crammed of [1, 2, 6]) {
      const moof = makeMoof(
        10_000 + crammed * (STEP - 1),
        samples.map((sample, index) => (index < crammed ? { ...sample, durationTicks: 1 } : sample)),
      );
      expect(mendFirstFrames(moof, init)).toBe(true);
      const { startTicks, samples: spread } = videoOf(moof, init);
      expect(startTicks).toBe(10_000);
      expect(spread.map(({ durationTicks }) => durationTicks)).toEqual(samples.map(() => STEP));
    }
  });

  const steps = (...durations: number[]) => durations.map((durationTicks) => ({ durationTicks, compositionTicks: 0 }));

  it.each([-400, 400, 5_000])('puts a first frame that is %i ticks off one frame before the second', (offTicks) => {
    const moof = makeMoof(10_000 - offTicks, steps(STEP + offTicks, STEP, STEP + 1, STEP, STEP - 1));
    const before = shownAt(moof, init);
    expect(mendFirstFrames(moof, init)).toBe(true);
    expect(shownAt(moof, init)).toEqual([10_000, ...before.slice(1)]);
  });

  it('leaves a camera alone whose frames come at no even rate', () => {
    const moof = makeMoof(10_000, steps(3_000, STEP, 2_000, STEP, 500, 4_000));
    expect(mendFirstFrames(moof, init)).toBe(false);
  });

  it.each<[number, number]>([
    [0, 3],
    [0, 5],
    [0, 4],
  ])(
    'shows reordered frames when they were taken, although none is shown before its late guess (burst from %i to %i)',
    (from, to) => {
      const shownSteps = [2, 4, 1, 1, 4, 1, 1, 4, 1, 1, 4, 1, 1];
      const taken = shownAt(makeStart([from, to], shownSteps), init);
      const late = makeStart([from, to], shownSteps);
      for (const { compositionTicks, compositionAt } of videoOf(late, init).samples) {
        late.writeInt32BE(Math.max(0, compositionTicks), compositionAt!);
      }
      expect(shownAt(late, init)).not.toEqual(taken);
      expect(mendFirstFrames(late, init)).toBe(true);
      expect(shownAt(late, init)).toEqual(taken);
    },
  );

  it.each<[number, number]>([
    [0, 3],
    [1, 3],
    [3, 4],
  ])('keeps the time at which reordered frames are shown (burst from %i to %i)', (from, to) => {
    const moof = makeStart([from, to], [2, 4, 1, 1, 4, 1, 1]);
    const before = shownAt(moof, init);
    expect(mendFirstFrames(moof, init)).toBe(true);
    expect(shownAt(moof, init)).toEqual(before);
    expect(videoOf(moof, init)).toMatchObject({ startTicks: 10_000 });
    expect(videoOf(moof, init).samples.map(({ durationTicks }) => durationTicks)).toEqual(Array(7).fill(STEP));
  });

  it.each([
    ['a fragment that is as it should be', readFixture('h264-aac').fragments[0]!.moof],
    [
      'a fragment that would begin before zero',
      makeMoof(5, [
        { durationTicks: 1, compositionTicks: 0 },
        { durationTicks: STEP, compositionTicks: 0 },
        { durationTicks: STEP, compositionTicks: 0 },
      ]),
    ],
    ['a burst that is not at the start', makeStart([4, 5], [1, 1, 1, 1, 1, 1, 1])],
    ['a fragment of which nothing stands right', makeMoof(10_000, [{ durationTicks: 1, compositionTicks: 0 }])],
  ])('leaves alone %s', (_what, moof) => {
    const before = Buffer.from(moof);
    expect(mendFirstFrames(moof, init)).toBe(false);
    expect(moof.equals(before)).toBe(true);
  });
});

describe('cutUnfinishedOrder', () => {
  /** The fixture's fragment with its last samples gone, as when the stream ends in the middle of a group of reordered frames. */
  function truncated(moof: Buffer, init: InitSegment, samples: number): Buffer {
    const copy = Buffer.from(moof);
    const { countAt } = videoOf(copy, init).samples[0]!;
    copy.writeUInt32BE(samples, countAt);
    return copy;
  }

  it('leaves no hole behind, wherever the stream ends', () => {
    const { init, fragments } = readFixture('h264-bframes');
    const [first, second] = fragments.map(({ moof }) => moof);
    const stepTicks = videoOf(first!, init).samples[0]!.durationTicks;
    const before = shownAt(first!, init);
    let cut = 0;
    for (let left = 1; left <= videoOf(second!, init).samples.length; left += 1) {
      const moof = truncated(second!, init, left);
      const kept = cutUnfinishedOrder(moof, init, first!);
      cut += left - kept;
      const shown = before.concat(shownAt(moof, init)).sort((a, b) => a - b);
      expect(shown).toHaveLength(before.length + kept);
      const steps = shown.slice(1).map((at, index) => at - shown[index]!);
      expect(Math.max(...steps)).toBe(stepTicks);
      expect(left - kept).toBeLessThanOrEqual(2);
    }
    expect(cut).toBeGreaterThan(0);
  });

  it('keeps every frame of a stream without reordering', () => {
    const { init, fragments } = readFixture('h264-aac');
    for (const left of [1, 5, 10]) {
      const moof = truncated(fragments[1]!.moof, init, left);
      expect(cutUnfinishedOrder(moof, init, fragments[0]!.moof)).toBe(left);
    }
  });
});
