import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type FilledMovie, MovieDraft } from '../../../../../src/modules/recording/domain/hybrid-mp4/movie-draft.js';
import type { MovieTake } from '../../../../../src/modules/recording/domain/hybrid-mp4/timeline.js';
import { takeOf } from './made-takes.js';

const EPOCH_MS = 1_800_000_000_000;
const PLACES = {
  sampleAt: (fragment: number, offset: number) => fragment * 1_000 + offset,
  silenceAt: () => 7,
  large: false,
};

/** The first `count` fragments of takes in a row, as they would have been known then. */
function firstOf(takes: readonly MovieTake[], count: number): MovieTake[] {
  let left = count;
  return takes.flatMap((take) => {
    const known = Math.min(left, take.fragments.length);
    left -= known;
    return known > 0 ? [{ ...take, fragments: take.fragments.slice(0, known), moofs: take.moofs.slice(0, known) }] : [];
  });
}

const bytesOf = ({ movie, used }: FilledMovie) => ({ used: [...used], ...movie.build(PLACES) });
const fresh = (takes: readonly MovieTake[]) => bytesOf(new MovieDraft().finish(takes));

describe('a draft of a movie', () => {
  it('ends as the movie that is made at once, wherever it was looked at on the way', () => {
    const names = fc.constantFrom('h264-aac' as const, 'h264-bframes' as const);
    const looks = fc.array(fc.nat(12), { maxLength: 6 });
    fc.assert(
      fc.property(names, looks, (name, counts) => {
        const takes = [takeOf(name, EPOCH_MS), takeOf(name, EPOCH_MS + 7_777)];
        const draft = new MovieDraft();
        for (const count of counts.sort((a, b) => a - b)) draft.follow(firstOf(takes, count));
        expect(bytesOf(draft.finish(takes))).toEqual(fresh(takes));
      }),
    );
  });

  it('keeps what it has: what was followed is not read again', () => {
    const takes = [takeOf('h264-aac', EPOCH_MS)];
    const draft = new MovieDraft();
    draft.follow(takes);
    const unread = {
      ...takes[0]!,
      moofs: takes[0]!.moofs.map((moof, index, { length }) => (index < length - 1 ? Buffer.alloc(0) : moof)),
    };
    expect(bytesOf(draft.finish([unread]))).toEqual(fresh(takes));
  });

  it('begins anew when the end shows something else than what it followed', () => {
    const [take, later] = [takeOf('h264-aac', EPOCH_MS), takeOf('h264-aac', EPOCH_MS + 7_777)];
    const cut = (from: number, to?: number): MovieTake => ({
      ...take,
      fragments: take.fragments.slice(from, to),
      moofs: take.moofs.slice(from, to),
    });
    const others: [MovieTake[], MovieTake[]][] = [
      [[take, later], [take]],
      [[take], [later]],
      [
        [cut(0, 2), later],
        [take, later],
      ],
      [[take], [cut(1)]],
      [[take], [cut(0, -1)]],
      [
        [take, later],
        [take, { ...later, capture: { ...later.capture, epochMs: later.capture.epochMs + 40 } }],
      ],
    ];
    for (const [seen, takes] of others) {
      const draft = new MovieDraft();
      draft.follow(seen);
      expect(bytesOf(draft.finish(takes))).toEqual(fresh(takes));
    }
  });

  it('can be finished again after it was finished', () => {
    const takes = [takeOf('h264-bframes', EPOCH_MS)];
    const draft = new MovieDraft();
    draft.follow(takes);
    draft.finish(takes);
    expect(bytesOf(draft.finish(takes))).toEqual(fresh(takes));
  });

  it('leaves damaged footage to the end, and says it then', () => {
    const take = takeOf('h264-aac', EPOCH_MS);
    const damaged = { ...take, moofs: take.moofs.map((moof, index) => (index === 1 ? moof.subarray(0, -20) : moof)) };
    const draft = new MovieDraft();
    draft.follow([damaged]);
    expect(() => draft.finish([damaged])).toThrow();
    expect(bytesOf(draft.finish([take]))).toEqual(fresh([take]));
  });
});
