import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readBoxes } from '../../../../src/mp4/boxes.js';
import {
  buildSegmentHead,
  buildSegmentTail,
  headBytesOf,
  type IndexedMoof,
  isSegmentTail,
  parseSegmentTail,
  type SegmentOwner,
  silenceBefore,
  TAIL_END_BYTES,
  tailBytesOf,
} from '../../../../src/modules/footage/domain/segment-file.js';
import { flippedBits, readFixture } from '../../../support/footage.js';

const OWNER: SegmentOwner = {
  cameraId: '7d9e2c1a-0f3b-4c55-9d1e-2b7a6c8f9e01',
  stream: 'sub',
  captureId: '1800000000000-0a1b2c3d',
  number: 999_999_999_999_999,
};

const anyMoof = fc.record({
  startMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
  durationMs: fc.double({ min: 0.1, max: 1e5, noNaN: true }),
  frames: fc.nat(10_000),
  isSync: fc.boolean(),
  moof: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  leanMs: fc.option(fc.double({ min: 1, max: 500, noNaN: true }), { nil: undefined }),
  longStills: fc.option(fc.array(fc.record({ startMs: fc.nat(), durationMs: fc.nat() }), { maxLength: 3 }), {
    nil: undefined,
  }),
});

function entriesOf(made: readonly (typeof anyMoof extends fc.Arbitrary<infer T> ? T : never)[]): IndexedMoof[] {
  let offset = 1_500;
  return made.map(({ moof, leanMs, longStills, ...timing }) => {
    const place = { offset, moofBytes: moof.length, sizeBytes: moof.length + 1_000 };
    offset += place.sizeBytes;
    const odd = { ...(leanMs === undefined ? {} : { leanMs }), ...(longStills === undefined ? {} : { longStills }) };
    return { fragment: { ...timing, ...place, ...odd }, moof: Buffer.from(moof) };
  });
}

const CLOCK = { epochMs: 1_800_000_000_000.25, anchors: [{ fromMs: 60_000, addMs: -1.5, scale: 1.0005 }] };

describe('a segment file', () => {
  it('begins with the init segment and says whose it is, in a box of one length whatever that is', () => {
    for (const fixture of ['h264-aac', 'h264-bframes'] as const) {
      const { init } = readFixture(fixture);
      const heads = [OWNER, { ...OWNER, cameraId: 'cam', number: 1 }].map((owner) => buildSegmentHead(init, owner));
      for (const head of heads) {
        expect(head.length).toBe(headBytesOf(init));
        expect(head.subarray(0, init.bytes.length).equals(init.bytes)).toBe(true);
        expect(readBoxes(head).map(({ type }) => type)).toEqual(['ftyp', 'moov', 'uuid']);
      }
      expect(heads[0]!.toString('latin1')).toContain(OWNER.cameraId);
    }
  });

  it('refuses an owner whose names have no room', () => {
    const { init } = readFixture('h264-aac');
    expect(() => buildSegmentHead(init, { ...OWNER, cameraId: 'x'.repeat(300) })).toThrow(RangeError);
  });

  it('has a silent frame before each fragment where one is known for its sound', () => {
    const box = silenceBefore(readFixture('h264-aac').init);
    expect(readBoxes(box)).toMatchObject([{ type: 'free' }]);
    expect(silenceBefore(readFixture('h264-bframes').init)).toHaveLength(0);
  });

  it('gives back from its tail what was put in, found from the end of the file', () => {
    fc.assert(
      fc.property(fc.array(anyMoof, { minLength: 1, maxLength: 20 }), fc.nat(2_000), (made, mediaBytes) => {
        const said = { owner: OWNER, clock: CLOCK, entries: entriesOf(made) };
        const tail = buildSegmentTail(said);
        const file = Buffer.concat([Buffer.alloc(mediaBytes), tail]);
        const sizeBytes = tailBytesOf(file.subarray(-TAIL_END_BYTES), file.length);
        expect(sizeBytes).toBe(tail.length);
        expect(parseSegmentTail(file.subarray(file.length - sizeBytes!))).toEqual(said);
        expect(readBoxes(tail)).toMatchObject([{ type: 'uuid' }]);
      }),
    );
  });

  it('knows a tail that is damaged in any bit, or cut off anywhere, for none', () => {
    const [first] = fc.sample(anyMoof, { numRuns: 1, seed: 7 });
    const tail = buildSegmentTail({ owner: OWNER, clock: CLOCK, entries: entriesOf([first!]) });
    expect(isSegmentTail(tail)).toBe(true);
    for (const damaged of flippedBits(tail.subarray(0, tail.length - 4))) {
      const bytes = Buffer.concat([damaged, tail.subarray(-4)]);
      expect(isSegmentTail(bytes)).toBe(false);
      expect(() => parseSegmentTail(bytes)).toThrow('damaged');
    }
    for (let size = 0; size < tail.length; size += 1) expect(isSegmentTail(tail.subarray(0, size))).toBe(false);
  });

  it('looks for no tail outside the file', () => {
    const end = Buffer.alloc(TAIL_END_BYTES);
    for (const [sizeBytes, found] of [
      [0, null],
      [20, null],
      [500, 500],
      [1_000, 1_000],
      [1_001, null],
      [0xffff_ffff, null],
    ] as const) {
      end.writeUInt32BE(sizeBytes, 4);
      expect(tailBytesOf(end, 1_000)).toBe(found);
    }
    expect(tailBytesOf(Buffer.alloc(3), 3)).toBeNull();
  });
});
