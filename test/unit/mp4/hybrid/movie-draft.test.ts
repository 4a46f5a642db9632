import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type FilledMovie, MovieDraft } from '../../../../src/mp4/hybrid/movie-draft.js';
import type { MovieTake } from '../../../../src/mp4/hybrid/timeline.js';
import { keepFirst } from '../../../../src/mp4/fragment-repair.js';
import { shiftFragment } from '../../../../src/mp4/fragment.js';
import { readTrackFragments } from '../../../../src/mp4/track-fragment.js';
import { takeOf } from './made-takes.js';

const EPOCH_MS = 1_800_000_000_000;
/** Long enough for the place of a capture on the clock to be known. */
const runsMs = 60_000;
const PLACES = {
  sampleAt: (fragment: number, offset: number) => fragment * 100_000 + offset,
  silenceAt: () => 7,
  large: false,
};

function slice(take: MovieTake, from: number, to?: number): MovieTake {
  return { ...take, fragments: take.fragments.slice(from, to), moofs: take.moofs.slice(from, to) };
}

/** What is known of takes when `count` fragments have come. */
function firstOf(takes: readonly MovieTake[], count: number): MovieTake[] {
  let left = count;
  return takes.flatMap((take) => {
    const known = Math.min(left, take.fragments.length);
    left -= known;
    return known > 0 ? [slice(take, 0, known)] : [];
  });
}

/** Pictures with B-frames of which the second fragment would be cut if it were the last one. */
function reordered(epochMs: number, pictures = 4): MovieTake {
  const take = takeOf('h264-bframes', epochMs, { runsMs });
  keepFirst(take.moofs[1]!, readTrackFragments(take.moofs[1]!, take.capture.init)[0]!.samples, pictures);
  return take;
}

const bytesOf = ({ movie, used }: FilledMovie) => ({ used: [...used], ...movie.build(PLACES) });
const atOnce = (takes: readonly MovieTake[]) => bytesOf(new MovieDraft().finish(takes));

/** How many fragments of the take were in the draft before it was finished: those whose `moof` is not looked at any more. */
function countFollowed(draft: MovieDraft, take: MovieTake): number {
  let first = Infinity;
  const get = (of: readonly Buffer[], key: string): unknown => {
    first = Math.min(first, Number(key));
    return Reflect.get(of, key);
  };
  draft.finish([{ ...take, moofs: new Proxy(take.moofs, { get }) }]);
  return first;
}

describe('a draft of a movie', () => {
  it('ends as the movie that is made at once, wherever it was looked at on the way', () => {
    const makers = fc.constantFrom(
      (epochMs: number) => reordered(epochMs),
      (epochMs: number) => takeOf('h264-aac', epochMs, { runsMs }),
    );
    const looks = fc.array(fc.nat(10), { maxLength: 5 });
    fc.assert(
      fc.property(makers, looks, (make, counts) => {
        const takes = [make(EPOCH_MS), make(EPOCH_MS + 77_777)];
        const draft = new MovieDraft();
        for (const count of counts.sort((a, b) => a - b)) draft.follow(firstOf(takes, count));
        expect(bytesOf(draft.finish(takes))).toEqual(atOnce(takes));
      }),
    );
  });

  it('keeps what it has followed: all but the newest fragment', () => {
    const take = takeOf('h264-aac', EPOCH_MS, { runsMs });
    const draft = new MovieDraft();
    draft.follow([take]);
    expect(countFollowed(draft, take)).toBe(take.fragments.length - 1);
    draft.follow([slice(take, 0, 2)]);
    draft.follow([slice(take, 0, 4)]);
    expect(countFollowed(draft, take)).toBe(3);
  });

  it('waits until it is known where a capture stands on the clock', () => {
    const [settled, young] = [takeOf('h264-aac', EPOCH_MS, { runsMs }), takeOf('h264-aac', EPOCH_MS + 77_777)];
    const draft = new MovieDraft();
    draft.follow([settled, young]);
    expect(countFollowed(draft, settled)).toBe(settled.fragments.length - 1);
    draft.follow([young]);
    expect(countFollowed(draft, young)).toBe(0);
  });

  it('follows in steps, so that nothing else waits for long', () => {
    const { capture, fragments, moofs } = takeOf('h264-aac', EPOCH_MS, { count: 1, runsMs });
    const count = 2_500;
    const many = {
      capture,
      fragments: Array.from({ length: count }, (_, index) => ({ ...fragments[0]!, offset: index })),
      moofs: Array.from({ length: count }, () => Buffer.from(moofs[0]!)),
    };
    for (const [index, moof] of many.moofs.entries()) shiftFragment(moof, capture.init, index * 1_000);
    for (const [steps, followed] of [
      [1, 1_000],
      [2, 2_000],
      [3, count - 1],
    ] as const) {
      const draft = new MovieDraft();
      for (let step = 0; step < steps; step += 1) draft.follow([many]);
      expect(countFollowed(draft, many)).toBe(followed);
    }
  });

  it('begins anew when the end shows something else than what it followed', () => {
    const [take, later] = [reordered(EPOCH_MS), reordered(EPOCH_MS + 77_777)];
    const elsewhere = { ...later, capture: { ...later.capture, epochMs: later.capture.epochMs + 4_000 } };
    // Of the same shape in the log, with other pictures.
    const other = { ...reordered(EPOCH_MS, 3), capture: { ...take.capture, captureId: 'other' } };
    const ends: Record<string, [MovieTake[], MovieTake[]]> = {
      'without a later take': [[take, later], [take]],
      'with more of an earlier take': [
        [slice(take, 0, 2), later],
        [take, later],
      ],
      'with another capture': [[slice(take, 0, 3)], [other]],
      'with an earlier start': [[slice(take, 1, 3)], [take]],
      'with a later start': [[slice(take, 0, 2)], [slice(take, 1)]],
      'where a fragment was thought to go on': [[slice(take, 0, 3)], [slice(take, 0, 2)]],
      'with a capture elsewhere on the clock': [
        [take, later],
        [take, elsewhere],
      ],
    };
    for (const [what, [seen, takes]] of Object.entries(ends)) {
      const draft = new MovieDraft();
      draft.follow(seen);
      expect([what, bytesOf(draft.finish(takes))]).toEqual([what, atOnce(takes)]);
    }
  });

  it('can be finished again after it was finished', () => {
    const takes = [reordered(EPOCH_MS)];
    const draft = new MovieDraft();
    draft.follow(takes);
    draft.finish(takes);
    expect(bytesOf(draft.finish(takes))).toEqual(atOnce(takes));
  });

  it('leaves damaged footage to the end, and says it then', () => {
    const take = takeOf('h264-aac', EPOCH_MS, { runsMs });
    const damaged = { ...take, moofs: take.moofs.map((moof, index) => (index === 1 ? moof.subarray(0, -20) : moof)) };
    const draft = new MovieDraft();
    draft.follow([damaged]);
    expect(() => draft.finish([damaged])).toThrow();
    expect(bytesOf(draft.finish([take]))).toEqual(atOnce([take]));
  });
});
