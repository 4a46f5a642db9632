import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { freeDiskTarget } from '../../../../src/modules/retention/domain/free-disk-target.js';
import { KEPT_KINDS } from '../../../../src/schema/kept-kind.js';
import { mergeStretches } from '../../../../src/modules/retention/domain/removed-stretches.js';
import { type Candidate, shareWanted } from '../../../../src/modules/retention/domain/share-wanted.js';

const GIB = 1024 ** 3;

describe('how much of a disk is to be free', () => {
  it('is a twentieth, 50 GiB at most, and twice the hard stop at least', () => {
    expect(freeDiskTarget(400 * GIB, GIB)).toBe(20 * GIB);
    expect(freeDiskTarget(8_000 * GIB, GIB)).toBe(50 * GIB);
    expect(freeDiskTarget(20 * GIB, GIB)).toBe(2 * GIB);
  });

  it('is never more than half of the disk, and none where there is no hard stop', () => {
    expect(freeDiskTarget(2 * GIB, GIB)).toBe(GIB);
    expect(freeDiskTarget(400 * GIB, 0)).toBe(0);
  });
});

describe('what each camera gives to make room', () => {
  const candidate = (cameraId: string, startMs: number, sizeBytes: number): Candidate => ({
    ...{ cameraId, startMs, sizeBytes },
    kind: 'continuous',
  });

  it('is its part of the oldest of all cameras', () => {
    const all = [
      candidate('yard', 1, 10),
      candidate('door', 2, 10),
      candidate('yard', 3, 10),
      candidate('door', 4, 10),
    ];
    expect(shareWanted(all, 25)).toEqual(
      new Map([
        ['yard', 20],
        ['door', 10],
      ]),
    );
    const event = { ...candidate('gate', 0, 10), kind: 'event' as const };
    expect(shareWanted([event, ...all], 40).has('gate')).toBe(false);
  });

  it('is enough, and not a thing more than enough', () => {
    const some = fc.record({
      cameraId: fc.constantFrom('yard', 'door', 'gate'),
      kind: fc.constantFrom(...KEPT_KINDS),
      startMs: fc.nat(1_000),
      sizeBytes: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(some), fc.nat(3_000), (candidates, bytes) => {
        const given = [...shareWanted(candidates, bytes).values()].reduce((sum, share) => sum + share, 0);
        const all = candidates.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        expect(given).toBeGreaterThanOrEqual(Math.min(bytes, all));
        expect(given).toBeLessThan(bytes + 100);
      }),
    );
  });
});

describe('stretches that went', () => {
  const span = fc.record({
    startMs: fc.nat(100_000),
    lengthMs: fc.integer({ min: 1, max: 5_000 }),
    sizeBytes: fc.nat(9),
  });

  it('are joined across the seams of segments, and not across a gap', () => {
    const of = (startMs: number, endMs: number) => ({ startMs, endMs, sizeBytes: 1 });
    expect(mergeStretches([of(60_040, 120_000), of(0, 60_000), of(121_001, 180_000)])).toEqual([
      { startMs: 0, endMs: 120_000, sizeBytes: 2 },
      of(121_001, 180_000),
    ]);
  });

  it('hold every segment and every byte, in order and apart from each other', () => {
    fc.assert(
      fc.property(fc.array(span), (spans) => {
        const each = spans.map(({ startMs, lengthMs, sizeBytes }) => ({
          startMs,
          endMs: startMs + lengthMs,
          sizeBytes,
        }));
        const merged = mergeStretches(each);
        const bytes = (of: readonly { sizeBytes: number }[]) => of.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        expect(bytes(merged)).toBe(bytes(each));
        for (const { startMs, endMs } of each) {
          expect(merged.some((whole) => whole.startMs <= startMs && whole.endMs >= endMs)).toBe(true);
        }
        merged.slice(1).forEach(({ startMs }, index) => expect(startMs - merged[index]!.endMs).toBeGreaterThan(1_000));
      }),
    );
  });
});
