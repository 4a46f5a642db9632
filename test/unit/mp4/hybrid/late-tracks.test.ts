import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MovieDraft } from '../../../../src/mp4/hybrid/movie-draft.js';
import { planObject } from '../../../../src/mp4/hybrid/object-layout.js';
import { MOST_SOUND_ALONE_MS } from '../../../../src/mp4/hybrid/timeline.js';
import { readMovie, type ReadMovie, type ReadTrack } from '../../../support/mp4box-reader.js';
import { putTogether, VIDEO } from './made-footage.js';
import { makeTakes, type SentTake, type StreamPlan, streamPlans } from './made-streams.js';

const MOST_ALONE_SEC = MOST_SOUND_ALONE_MS / 1_000;
/** What rounding makes of an edge. */
const EDGE_SEC = 0.001;

/** A sample of the finished file: what it is, and when it is shown. */
interface Shown {
  bytes: string;
  shownSec: number;
  dts: number;
}

interface Finished extends ReadMovie {
  video: Shown[];
  sound: Shown[];
  durationSec: number;
}

/** The object as the store would have it: all at once, or with parts that went up while it was recorded. */
function assemble(sent: readonly SentTake[], looks: readonly number[], partSizeBytes: number | null): Finished {
  const takes = sent.map(({ take }) => take);
  const draft = new MovieDraft();
  for (const count of looks) draft.follow(firstOf(takes, count));
  const { movie, used } = draft.finish(takes);
  const all = sent.map(({ fragments }) => fragments);
  const stream = Buffer.concat(all.flat().map(({ bytes }) => bytes));
  const starts = new Map<unknown, number>();
  let at = 0;
  for (const fragment of all.flat()) {
    starts.set(fragment, at);
    at += fragment.bytes.length;
  }
  const fragments = used.map(({ take, index }) => all[take]![index]!);
  const layout = fragments.map((fragment) => ({
    sizeBytes: fragment.bytes.length,
    streamOffset: starts.get(fragment)!,
  }));
  const parts = partSizeBytes === null ? 0 : Math.floor(stream.length / partSizeBytes);
  const plan = planObject(
    movie,
    layout,
    parts > 0 ? { partSizeBytes: partSizeBytes!, bytes: parts * partSizeBytes! } : null,
  );
  const object = putTogether(plan, fragments, stream);
  const read = readMovie(object);
  const shown = (track: ReadTrack | undefined) => (track ? showTrack(track, read.movieTimescale, object) : []);
  const isVideo = ({ trackId }: ReadTrack) => trackId === VIDEO;
  return {
    ...read,
    video: shown(read.tracks.find(isVideo)),
    sound: shown(read.tracks.find((track) => !isVideo(track))),
    durationSec: read.movieTicks / read.movieTimescale,
  };
}

function firstOf(takes: readonly SentTake['take'][], count: number): SentTake['take'][] {
  let left = count;
  return takes.flatMap((take) => {
    const known = Math.min(left, take.fragments.length);
    left -= known;
    return known > 0 ? [{ ...take, fragments: take.fragments.slice(0, known), moofs: take.moofs.slice(0, known) }] : [];
  });
}

function showTrack({ edits, samples, timescale }: ReadTrack, movieTimescale: number, object: Buffer): Shown[] {
  const empty = edits.length > 1 ? edits[0]!.durationTicks / movieTimescale : 0;
  const { mediaTicks } = edits.at(-1)!;
  return samples.map(({ offset, sizeBytes, cts, dts }) => ({
    ...{ bytes: object.toString('latin1', offset, offset + sizeBytes), dts },
    shownSec: empty + (cts - mediaTicks) / timescale,
  }));
}

/** How far each take was moved, seen from its first picture. */
function findShifts(sent: readonly SentTake[], { video }: Finished): number[] {
  const shownAt = new Map(video.map(({ bytes, shownSec }) => [bytes, shownSec]));
  return sent.map(({ video: [first] }) => shownAt.get(first!.bytes)! - first!.shownSec);
}

function expectPictures(sent: readonly SentTake[], finished: Finished, plans: readonly StreamPlan[]): void {
  const wanted = sent.flatMap(({ video }) => video.map(({ bytes }) => bytes));
  expect(finished.video.map(({ bytes }) => bytes)).toEqual(wanted);
  const shifts = findShifts(sent, finished);
  const truth = sent.flatMap(({ video }, take) => video.map(({ shownSec }) => shownSec + shifts[take]!));
  const elsewhere = finished.video.filter(({ shownSec }, index) => Math.abs(shownSec - truth[index]!) >= 0.0001);
  expect(elsewhere).toEqual([]);
  // The sound of a take may hold the next one back by no more than it may outlast its pictures.
  for (const [index, shift] of shifts.entries()) {
    const clockSec = (sent[index]!.take.capture.epochMs - sent[0]!.take.capture.epochMs) / 1_000;
    const lateSec = shift - shifts[0]! - clockSec;
    const steps = plans.slice(0, index + 1).reduce((sum, { fps }) => sum + 2 / fps, 0);
    expect(lateSec).toBeGreaterThan(-0.01);
    expect(lateSec).toBeLessThan(index * MOST_ALONE_SEC + steps + 0.01);
  }
}

function expectSound(sent: readonly SentTake[], finished: Finished, [plan]: readonly StreamPlan[], hz: number): void {
  const { sound, video, durationSec } = finished;
  const heard = sound.filter(({ bytes }) => bytes.startsWith('s-'));
  expect(sound.slice(1).filter(({ dts }, index) => dts <= sound[index]!.dts)).toEqual([]);
  const shifts = findShifts(sent, finished);
  const truth = new Map(
    sent.flatMap(({ sound: own, video: pictures }, take) => {
      const last = pictures.at(-1)!;
      const takeEndSec = last.decodedSec + last.durationSec + shifts[take]!;
      return own.map((sample) => [sample.bytes, { ...sample, shownSec: sample.shownSec + shifts[take]!, takeEndSec }]);
    }),
  );
  const sampleSec = 1 / hz + 2 / 90_000;
  const outOfStep = heard.filter(({ bytes, shownSec }) => Math.abs(shownSec - truth.get(bytes)!.shownSec) > sampleSec);
  expect(outOfStep).toEqual([]);
  const firstSec = video[0]!.shownSec;
  const endSec =
    Math.max(...sent.at(-1)!.video.map(({ shownSec, durationSec: sec }) => shownSec + sec)) + shifts.at(-1)!;
  const isHeard = new Set(heard.map(({ bytes }) => bytes));
  // Counted from the time at which the first picture is decoded.
  const mostSec = MOST_ALONE_SEC + (plan!.bFrames ? 1 / plan!.fps : 0);
  let lastSec = -Infinity;
  const wrong = [...truth].filter(([bytes, { shownSec, durationSec: sec, takeEndSec }]) => {
    if (isHeard.has(bytes)) {
      lastSec = shownSec;
      return shownSec < firstSec - mostSec - EDGE_SEC || shownSec > endSec + EDGE_SEC;
    }
    // Missing is only what ends before the first picture, begins behind the last one, lies where other sound is already, or far behind the
    // pictures of its own take.
    const isInside = shownSec + sec > firstSec + EDGE_SEC && shownSec < endSec - EDGE_SEC;
    const isWanted = isInside && shownSec < takeEndSec + MOST_ALONE_SEC - EDGE_SEC;
    return isWanted && shownSec > lastSec + EDGE_SEC;
  });
  expect(wrong).toEqual([]);
  const beginsSec = Math.min(firstSec, sound[0]?.shownSec ?? firstSec);
  expect(beginsSec).toBeCloseTo(0, 4);
  expect(Math.abs(durationSec - (endSec - beginsSec))).toBeLessThan(EDGE_SEC);
}

/** Sound that begins a second behind the pictures of its take, or a moment less, leaves nothing behind that holds back the next one. */
const STRAY: StreamPlan = {
  ...{ fps: 25, bFrames: false, jitter: [0], gopSec: 1, seconds: 2, soundHz: 8_000 },
  ...{
    soundFromSec: 3.0399374999999997,
    soundForSec: 0.1,
    soundLateSec: 0,
    pauses: [],
    emptyHeaders: false,
    gapSec: 0,
  },
};
interface Case {
  plans: StreamPlan[];
  hz: number;
  looks: number[];
  partSizeBytes: number | null;
}

const FOUND: StreamPlan[][] = [
  [STRAY, { ...STRAY, soundFromSec: -0.0000625000000011866 }],
  [{ ...STRAY, soundFromSec: 0 }, STRAY, { ...STRAY, soundFromSec: -0.12706250000000008 }],
  [{ ...STRAY, soundFromSec: 0 }, STRAY, { ...STRAY, soundFromSec: 0 }],
];

describe('a movie of takes whose tracks begin, pause and end when they like', () => {
  it('holds every picture once, each sound where it belongs, and is as long as its pictures', () => {
    const cases: fc.Arbitrary<Case> = fc.record({
      plans: fc.array(streamPlans, { minLength: 1, maxLength: 3 }),
      hz: fc.constantFrom(8_000, 16_000, 32_000, 48_000),
      looks: fc.array(fc.nat(40), { maxLength: 4 }),
      partSizeBytes: fc.option(fc.integer({ min: 3_000, max: 9_000 })),
    });
    fc.assert(
      fc.property(cases, ({ plans, hz, looks, partSizeBytes }) => {
        const sent = makeTakes(plans, hz);
        const finished = assemble(
          sent,
          looks.sort((a, b) => a - b),
          partSizeBytes,
        );
        expectPictures(sent, finished, plans);
        expectSound(sent, finished, plans, hz);
      }),
      { numRuns: 100, examples: FOUND.map((plans): [Case] => [{ plans, hz: 8_000, looks: [], partSizeBytes: null }]) },
    );
  });
});
