import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type LayoutFragment,
  type ObjectPiece,
  type ObjectPlan,
  planObject,
} from '../../../../src/mp4/hybrid/object-layout.js';
import { readMovie, type ReadSample } from '../../../support/mp4box-reader.js';
import { AUDIO, makeFragment, makeMovie, type MadeFragment, putTogether, VIDEO } from './made-footage.js';

const STEP = 1_024;

/** One fragment of a few pictures with sound, whose bytes no other sample has. */
function makeFragments(sizes: readonly number[], streamGaps: readonly number[] = []) {
  let [seed, atTicks, stream] = [0, 0, Buffer.alloc(0)];
  const bytesOf = (length: number) => Buffer.alloc(length, `${(seed += 1)}.`);
  const layout: LayoutFragment[] = [];
  const fragments = sizes.map((size, index) => {
    const sample = (share: number) => ({ durationTicks: STEP, bytes: bytesOf(Math.ceil(size * share)) });
    const pictures = [
      { ...sample(0.5), isSync: true },
      { ...sample(0.3), isSync: false },
    ];
    const fragment = makeFragment(
      { trackId: VIDEO, startTicks: atTicks, samples: pictures },
      { trackId: AUDIO, startTicks: atTicks, samples: [sample(0.1), sample(0.1)] },
    );
    atTicks += 2 * STEP;
    // What went up of footage that is not in the file, such as a part of it that was cut off.
    stream = Buffer.concat([stream, Buffer.alloc(streamGaps[index] ?? 0, '#')]);
    layout.push({ sizeBytes: fragment.bytes.length, streamOffset: stream.length });
    stream = Buffer.concat([stream, fragment.bytes]);
    return fragment;
  });
  return { fragments, layout, stream };
}

function sizeOf(piece: ObjectPiece): number {
  if (piece.kind === 'bytes') return piece.bytes.length;
  return piece.kind === 'sent' ? piece.sizeBytes : piece.to - piece.from;
}

function sum(pieces: readonly ObjectPiece[]): number {
  return pieces.reduce((bytes, piece) => bytes + sizeOf(piece), 0);
}

/** Every sample of every fragment, found in the object by another parser. */
function expectAllThere(object: Buffer, fragments: readonly MadeFragment[]): void {
  const { tracks, isFragmented } = readMovie(object);
  expect(isFragmented).toBe(false);
  for (const trackId of [VIDEO, AUDIO]) {
    const made = fragments.flatMap(({ runs }) =>
      runs.filter((run) => run.trackId === trackId).flatMap(({ samples }) => samples),
    );
    const read = tracks.find((track) => track.trackId === trackId)?.samples ?? [];
    const bytesOf = ({ offset, sizeBytes }: ReadSample) => object.subarray(offset, offset + sizeBytes).toString();
    expect(read.map(bytesOf)).toEqual(made.map(({ bytes }) => bytes.toString()));
  }
}

function expectWhole(plan: ObjectPlan, object: Buffer, fragments: readonly MadeFragment[]): void {
  expect(object).toHaveLength(plan.sizeBytes);
  for (const [index, { bytes }] of fragments.entries()) {
    expect(object.subarray(plan.offsets[index], plan.offsets[index]! + bytes.length).equals(bytes)).toBe(true);
  }
  const types = readMovie(object).boxes.map(({ type }) => type);
  const allowed = plan.faststart
    ? ['ftyp moov mdat', 'ftyp moov free mdat']
    : ['ftyp mdat moov', 'ftyp free mdat moov'];
  expect(allowed).toContain(types.join(' '));
  expectAllThere(object, fragments);
}

describe('planObject, when nothing was sent', () => {
  it('puts the head in front of the fragments, in order, without padding', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 12 }), (sizes) => {
        const { fragments, layout, stream } = makeFragments(sizes);
        const plan = planObject(makeMovie(fragments), layout, null);
        expectWhole(plan, putTogether(plan, fragments, stream), fragments);
        expect(plan.faststart).toBe(true);
        expect(plan.offsets[0]).toBe(plan.headBytes + 16);
        expect(sum(plan.pieces)).toBe(plan.headBytes + 16 + stream.length);
        expect(planObject(makeMovie(fragments), layout, { partSizeBytes: 5_000, bytes: 0 })).toEqual(plan);
      }),
      { numRuns: 15 },
    );
  });

  it('refuses a movie that has other fragments', () => {
    const { fragments, layout } = makeFragments([10, 20]);
    expect(() => planObject(makeMovie(fragments), layout.slice(1), null)).toThrow(/other fragments/);
  });

  it('describes no more than nothing without fragments', () => {
    const plan = planObject(makeMovie([]), [], null);
    expect(plan.sizeBytes).toBe(plan.headBytes + 16);
  });
});

describe('planObject, around parts that were sent', () => {
  const recordings = fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 2, maxLength: 25 }),
    gaps: fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 2_000 })), {
      maxLength: 25,
    }),
    partSizeBytes: fc.oneof(fc.integer({ min: 100, max: 800 }), {
      weight: 3,
      arbitrary: fc.integer({ min: 1_500, max: 9_000 }),
    }),
    /** Of the parts that could have been sent. */
    sentShare: fc.double({ min: 0, max: 1, noNaN: true }),
    /** A fragment that did not go up, since it lies elsewhere. */
    absent: fc.integer({ min: 0, max: 30 }),
  });

  function makeRecording({ sizes, gaps, partSizeBytes, sentShare, absent }: RecordingOf<typeof recordings>) {
    const { fragments, layout, stream } = makeFragments(sizes, gaps);
    const missing = layout[absent];
    if (missing) layout[absent] = { ...missing, streamOffset: null };
    const parts = Math.round(Math.floor(stream.length / partSizeBytes) * sentShare);
    return { fragments, layout, stream, sent: { partSizeBytes, bytes: parts * partSizeBytes } };
  }

  type RecordingOf<A> = A extends fc.Arbitrary<infer R> ? R : never;

  it('makes part 1 exactly as large as the others, and loses no byte', () => {
    const seen = { behind: 0, rest: 0, tail: 0, torn: 0 };
    fc.assert(
      fc.property(recordings, (recording) => {
        const { fragments, layout, stream, sent } = makeRecording(recording);
        fc.pre(sent.bytes > 0);
        const plan = planObject(makeMovie(fragments), layout, sent);
        expectWhole(plan, putTogether(plan, fragments, stream), fragments);
        const at = plan.pieces.findIndex(({ kind }) => kind === 'sent');
        const [front, rest] = [plan.pieces.slice(0, at), plan.pieces.slice(at + 1)];
        expect(sum(front)).toBe(sent.partSizeBytes);
        expect(sizeOf(plan.pieces[at]!)).toBe(sent.bytes);
        const tail = front.filter((piece) => piece.kind === 'fragment');
        // Chromium leaves out sound that lies before the sound it has just played.
        const sound = readMovie(putTogether(plan, fragments, stream)).tracks[1]!.samples.map(({ offset }) => offset);
        if (recording.absent >= layout.length) expect(sound).toEqual([...sound].sort((a, b) => a - b));
        const isTorn = rest.some((piece) => piece.kind === 'fragment' && piece.from > 0);
        seen.behind += Number(!plan.faststart);
        seen.rest += Number(rest.length > 0);
        seen.tail += Number(tail.length > 0);
        seen.torn += Number(isTorn);
        const spareBytes = sent.partSizeBytes - sum(tail) - 16 - (plan.faststart ? plan.headBytes : 32);
        const next = rest.filter((piece) => piece.kind === 'fragment' && piece.from === 0).at(-1);
        // The last one that is left out would not have fitted.
        if (next) expect(sizeOf(next)).toBeGreaterThan(spareBytes);
      }),
      { numRuns: 60 },
    );
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(0);
  });

  const sentHalf = (partSizeBytes: number, sizes: readonly number[]) => {
    const { fragments, layout, stream } = makeFragments(sizes);
    const sent = { partSizeBytes, bytes: Math.floor(stream.length / partSizeBytes) * partSizeBytes };
    return { plan: planObject(makeMovie(fragments), layout, sent), fragments, layout, sent };
  };

  it('sends a fragment that is there in part again, where part 1 has room; only its sound goes to the end', () => {
    const { plan, fragments, layout, sent } = sentHalf(4_000, [1_500, 1_500, 1_500]);
    expect(layout.at(-1)!.streamOffset).toBeLessThan(sent.bytes);
    const at = plan.pieces.findIndex(({ kind }) => kind === 'sent');
    const sound = fragments[2]!.runs[1]!.samples.reduce((bytes, sample) => bytes + sample.bytes.length, 0);
    expect(sum(plan.pieces.slice(at + 1))).toBe(sound);
    expect(plan.pieces[at - 1]).toEqual({ kind: 'fragment', index: 2, from: 0, to: layout[2]!.sizeBytes });
    expect(plan.offsets[2]).toBe(sent.partSizeBytes - layout[2]!.sizeBytes);
  });

  it('completes it in the last part, where there must be one', () => {
    const { plan, layout, sent } = sentHalf(3_000, [1_500, 1_200, 2_500]);
    const torn = layout[1]!;
    expect(torn.streamOffset! + torn.sizeBytes).toBeGreaterThan(sent.bytes);
    expect(plan.pieces.slice(-3)).toEqual([
      { kind: 'sent', sizeBytes: sent.bytes },
      { kind: 'fragment', index: 1, from: sent.bytes - torn.streamOffset!, to: torn.sizeBytes },
      { kind: 'fragment', index: 2, from: 0, to: layout[2]!.sizeBytes },
    ]);
    expect(plan.offsets[1]).toBe(sent.partSizeBytes + torn.streamOffset!);
  });

  it('refuses parts that are not whole', () => {
    const { fragments, layout } = makeFragments([2_000]);
    const sent = { partSizeBytes: 1_000, bytes: 1_500 };
    expect(() => planObject(makeMovie(fragments), layout, sent)).toThrow(/whole parts/);
  });

  it('points behind 4 GiB with 64 bits', () => {
    const { fragments, layout } = makeFragments([100, 100, 100]);
    const sent = { partSizeBytes: 5 * 2 ** 20, bytes: 5 * 2 ** 20 * 1_000 };
    const far = layout.map((fragment, index) => ({ ...fragment, streamOffset: index * 2 ** 31 }));
    const plan = planObject(makeMovie(fragments), far, sent);
    const head = Buffer.concat(plan.pieces.flatMap((piece) => (piece.kind === 'bytes' ? [piece.bytes] : [])));
    const { tracks } = readMovie(head.subarray(0, plan.headBytes));
    const first = (fragment: number) => tracks[0]!.samples[fragment * 2]!.offset - plan.offsets[fragment]!;
    expect(plan.offsets[2]).toBe(2 ** 32 + sent.partSizeBytes);
    expect(first(2)).toBe(first(0));
    expect(head.includes('co64')).toBe(true);
  });
});
