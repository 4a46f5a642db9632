import { describe, expect, it } from '@jest/globals';
import { FragmentLine, type MovieTake, type TimedFragment } from '../../../../src/mp4/hybrid/timeline.js';
import { readFragmentExtent, readFragmentTiming } from '../../../../src/mp4/fragment.js';
import { keepFirst } from '../../../../src/mp4/fragment-repair.js';
import { readTrackFragments } from '../../../../src/mp4/track-fragment.js';
import { readFixture } from '../../../support/footage.js';
import { AUDIO, AUDIO_TICKS_PER_SEC, makeFragment, VIDEO, VIDEO_TICKS_PER_SEC } from './made-footage.js';
import { takeOf } from './made-takes.js';

const EPOCH_MS = 1_800_000_000_000;
const STEP_MS = 100;

/** All fragments of takes that have ended. */
function placeOnTimeline(takes: readonly MovieTake[]): TimedFragment[] {
  return [...new FragmentLine().extend(takes, { haveEnded: true })];
}

const { init } = readFixture('h264-aac');
const videoStartMs = ({ moof }: TimedFragment) => readFragmentTiming(moof, init)!.startMs;

const NOWHERE = { segment: '000001.m4s', offset: 0, sizeBytes: 0 };

/** Ten samples that last a second. */
function second(trackId: number, fromSec: number) {
  const ticksPerSec = trackId === VIDEO ? VIDEO_TICKS_PER_SEC : AUDIO_TICKS_PER_SEC;
  const samples = Array.from({ length: 10 }, () => ({ durationTicks: ticksPerSec / 10, bytes: Buffer.alloc(1) }));
  return { trackId, startTicks: fromSec * ticksPerSec, samples };
}

describe('a line of fragments', () => {
  it('begins at 0 with the first sample of any track, and leaves what is in the log alone', () => {
    const take = takeOf('h264-aac', EPOCH_MS);
    const before = take.moofs.map((moof) => Buffer.from(moof));
    const placed = placeOnTimeline([take]);
    expect(placed.map(({ take: number, index }) => [number, index])).toEqual(before.map((_, index) => [0, index]));
    expect(readFragmentExtent(placed[0]!.moof, init).startMs).toBeCloseTo(0, 3);
    expect(take.moofs).toEqual(before);
    for (const { index, moof } of placed) {
      const distance = (bytes: Buffer) =>
        readFragmentTiming(bytes, init)!.startMs - readFragmentExtent(bytes, init).startMs;
      expect(distance(moof)).toBeCloseTo(distance(before[index]!), 1);
    }
  });

  it('places a later take by the clock, on the beat of the frames before it', () => {
    const lengthMs = 4_000;
    for (const gapMs of [1_000, 1_013, 1_049, 7_777]) {
      const placed = placeOnTimeline([takeOf('h264-aac', EPOCH_MS), takeOf('h264-aac', EPOCH_MS + lengthMs + gapMs)]);
      const second = placed.filter(({ take }) => take === 1);
      const steps = (videoStartMs(second[1]!) - videoStartMs(placed[1]!)) / STEP_MS;
      expect(Math.abs(steps - Math.round(steps))).toBeLessThan(0.001);
      const lateMs = videoStartMs(second[0]!) - videoStartMs(placed[0]!) - lengthMs - gapMs;
      expect(lateMs).toBeGreaterThanOrEqual(-1);
      expect(lateMs).toBeLessThanOrEqual(STEP_MS);
    }
  });

  it('takes the beat from the end of a first fragment, whose own start may be out of step', () => {
    const step = VIDEO_TICKS_PER_SEC / 10;
    const bytes = Buffer.alloc(4);
    const late = Math.round(step * 0.4);
    const samples = Array.from({ length: 10 }, (_, index) => ({
      bytes,
      durationTicks: index === 0 ? step - late : step,
    }));
    const { moof } = makeFragment({ trackId: VIDEO, startTicks: step * 100 + late, samples });
    const place = { segment: '000001.m4s', offset: 0, moofBytes: moof.length, sizeBytes: moof.length };
    const fragments = [{ ...readFragmentTiming(moof, init)!, ...place }];
    const killed = (epochMs: number): MovieTake => ({
      capture: { captureId: String(epochMs), init, epochMs },
      fragments,
      moofs: [moof],
    });
    const [first, second, third] = placeOnTimeline([
      killed(EPOCH_MS),
      killed(EPOCH_MS + 3_333),
      takeOf('h264-aac', EPOCH_MS + 20_000),
    ]);
    const endMs = ({ moof: placed }: TimedFragment) =>
      videoStartMs({ moof: placed } as TimedFragment) + readFragmentTiming(placed, init)!.durationMs;
    for (const each of [second!, third!]) {
      const steps = (endMs(each) - endMs(first!)) / STEP_MS;
      expect(Math.abs(steps - Math.round(steps))).toBeLessThan(0.01);
    }
  });

  it('never turns time back', () => {
    const placed = placeOnTimeline([takeOf('h264-aac', EPOCH_MS), takeOf('h264-aac', EPOCH_MS + 500)]);
    const last = placed.filter(({ take }) => take === 0).at(-1)!;
    const next = placed.find(({ take }) => take === 1)!;
    const { endMs } = readFragmentExtent(last.moof, init);
    expect(readFragmentExtent(next.moof, init).startMs).toBeGreaterThanOrEqual(endMs - 1);
  });

  it('holds pictures back for no sound that has room beside the pictures of the take before', () => {
    const oneSession = (fromSec: number, epochMs: number): MovieTake => {
      const seconds = [fromSec, fromSec + 1];
      // The sound is half a second older in each fragment, as an encoder gives it.
      const moofs = seconds.map((sec) => makeFragment(second(VIDEO, sec), second(AUDIO, sec - 0.5)).moof);
      const stored = moofs.map((moof) => ({ ...readFragmentTiming(moof, init)!, ...NOWHERE, moofBytes: moof.length }));
      return { capture: { captureId: `${fromSec}`, init, epochMs }, fragments: stored, moofs };
    };
    const placed = placeOnTimeline([oneSession(10, EPOCH_MS), oneSession(12, EPOCH_MS)]);
    expect(placed.map((fragment) => videoStartMs(fragment) - videoStartMs(placed[0]!))).toEqual([
      0, 1_000, 2_000, 3_000,
    ]);
    const soundStartsMs = placed.map(
      ({ moof }) => readFragmentExtent(moof, init, ({ track }) => track !== init.video).startMs,
    );
    expect(soundStartsMs).toEqual([0, 1_000, 2_000, 3_000]);
  });

  it('cuts the end of a take whose frames lean on others that never came, and no other fragment', () => {
    const { init: reordered } = readFixture('h264-bframes');
    const framesOf = (moofs: readonly Buffer[]) =>
      moofs.map((moof) => readTrackFragments(moof, reordered)[0]!.samples.length);
    let cut = 0;
    for (const arrived of [3, 4, 5, 6]) {
      const take = takeOf('h264-bframes', EPOCH_MS, { count: 2 });
      keepFirst(take.moofs[1]!, readTrackFragments(take.moofs[1]!, reordered)[0]!.samples, arrived);
      const [first, last] = framesOf(placeOnTimeline([take]).map(({ moof }) => moof));
      expect(first).toBe(take.fragments[0]!.frames);
      cut += arrived - last!;
    }
    expect(cut).toBeGreaterThan(0);
  });

  it('leaves out a last fragment without a picture', () => {
    const take = takeOf('h264-aac', EPOCH_MS);
    const other = { ...take.capture.init.video, trackId: 99 };
    const blind = { ...take, capture: { ...take.capture, init: { ...take.capture.init, video: other } } };
    expect(placeOnTimeline([blind])).toHaveLength(take.moofs.length - 1);
  });
});
