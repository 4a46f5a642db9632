import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Anchor, applyAnchors } from '../../../../src/modules/footage/domain/capture-clock.js';
import { selectFootage, type StoredFragment } from '../../../../src/modules/footage/domain/footage.js';
import {
  everything,
  inRange,
  named,
  type SegmentChoice,
} from '../../../../src/modules/footage/domain/segment-choice.js';
import type { CaptureSegments } from '../../../../src/modules/footage/domain/segment-spans.js';
import { describeSegment, SegmentTable } from '../../../../src/modules/footage/domain/segment-table.js';
import { listLiveRuns } from '../../../../src/modules/footage/domain/stream-runs.js';
import { beginWith, segmentId } from '../../../../src/modules/footage/domain/stream-segments.js';

const PER_SEGMENT = 3;

interface Made {
  capture: CaptureSegments & { configDigest: string; endedAtMs: null };
  /** By segment, as they lie on the disk; the last one is open. */
  segments: StoredFragment[][];
}

/** Fragments of a second with a pause before some; the first of each segment is a key frame, and so is every second one. */
function make({ captureId, epochMs, pausesMs, leanMs, anchors }: MadeOf): Made {
  let startMs = 0;
  const fragments = pausesMs.map((pauseMs, index): StoredFragment => {
    startMs += pauseMs;
    const fragment = {
      ...{ segment: `00000000${Math.floor(index / PER_SEGMENT) + 1}.m4s`, offset: (index % PER_SEGMENT) * 10 },
      ...{ moofBytes: 1, sizeBytes: 10, frames: 25, isSync: index % PER_SEGMENT === 0 || index % 2 === 0 },
      ...{ startMs, durationMs: 1_000, ...(leanMs > 0 ? { leanMs } : {}) },
    };
    startMs += 1_000;
    return fragment;
  });
  const segments = Array.from({ length: Math.ceil(fragments.length / PER_SEGMENT) }, (_, index) =>
    fragments.slice(index * PER_SEGMENT, (index + 1) * PER_SEGMENT),
  );
  const sealed = SegmentTable.of(
    segments.slice(0, -1).map((list) => describeSegment(list[0]!.segment, list, list.length * 10)!),
  );
  const open = (segments.at(-1) ?? []).map((fragment) => applyAnchors(fragment, anchors));
  return {
    capture: { captureId, epochMs, anchors, configDigest: 'x', endedAtMs: null, sealed, open },
    segments,
  };
}

interface MadeOf {
  captureId: string;
  epochMs: number;
  pausesMs: readonly number[];
  leanMs: number;
  anchors: readonly Anchor[];
}

const made = (captureId: string): fc.Arbitrary<Made> =>
  fc
    .record({
      captureId: fc.constant(captureId),
      epochMs: fc.integer({ min: 0, max: 20_000 }),
      pausesMs: fc.array(fc.constantFrom(0, 0, 0, 0.5, 3_000), { minLength: 1, maxLength: 26 }),
      leanMs: fc.constantFrom(0, 80),
      anchors: fc.constantFrom<Anchor[]>([], [{ fromMs: 0, addMs: 400 }], [{ fromMs: 9_000, addMs: 30, scale: 1.1 }]),
    })
    .map(make);

/** As the log reads it. */
function read({ capture, segments }: Made, choose: SegmentChoice) {
  const { captureId, epochMs, anchors = [], configDigest, endedAtMs } = capture;
  const fragments = choose(capture).flatMap((index) => segments[index]!.map((each) => applyAnchors(each, anchors)));
  return { captureId, epochMs, configDigest, endedAtMs, fragments };
}

const captures = fc.tuple(made('1-a'), made('2-b'));
const range = fc
  .tuple(fc.integer({ min: -2_000, max: 90_000 }), fc.integer({ min: 0, max: 60_000 }))
  .map(([startMs, lengthMs]) => ({ startMs, endMs: startMs + lengthMs }));

describe('the segments that are read for a range', () => {
  it('give the same takes and the same live segments as the whole log', () => {
    fc.assert(
      fc.property(captures, range, fc.boolean(), (list, wanted, isOver) => {
        const of = (choose: SegmentChoice) => {
          const takes = selectFootage(
            list.map((each) => read(each, choose)),
            wanted,
          );
          const runs = listLiveRuns(takes, isOver);
          return [takes, runs].map((found) =>
            JSON.stringify(found, (key, value: unknown) => (key === 'capture' ? 0 : value)),
          );
        };
        expect(of(inRange(wanted))).toEqual(of(everything));
      }),
      { numRuns: 500 },
    );
  });

  it('reach back to the fragment that a recording began with', () => {
    fc.assert(
      fc.property(captures, range, fc.nat(25), (list, wanted, index) => {
        const [first] = list;
        const { captureId, fragments } = read(first, everything);
        const shown = segmentId(captureId, fragments[index % fragments.length]!);
        const of = (choose: SegmentChoice) => {
          const stored = list.map((each) => read(each, choose));
          return beginWith(selectFootage(stored, wanted), shown).map(({ span, fragments: own }) => [span, own]);
        };
        expect(of(inRange(wanted, shown))).toEqual(of(everything));
      }),
      { numRuns: 500 },
    );
  });

  it('are few where the range is short', () => {
    const long = make({
      ...{ captureId: '1-a', epochMs: 0, pausesMs: Array<number>(26).fill(0), leanMs: 0, anchors: [] },
    });
    expect(inRange({ startMs: 10_000, endMs: 11_000 })(long.capture)).toEqual([3, 4]);
    expect(inRange({ startMs: 25_500, endMs: Infinity })(long.capture)).toEqual([8]);
    expect(inRange({ startMs: 26_000, endMs: Infinity })(long.capture)).toEqual([]);
  });
});

describe('segments by their names', () => {
  it('are found where they are, the open one too', () => {
    const { capture } = make({
      ...{ captureId: '1-a', epochMs: 0, pausesMs: Array<number>(8).fill(0), leanMs: 0, anchors: [] },
    });
    const names = new Set(['000000003.m4s', '000000001.m4s', '000000009.m4s']);
    expect(named(new Map([['1-a', names]]))(capture)).toEqual([0, 2]);
    expect(named(new Map([['2-b', names]]))(capture)).toEqual([]);
  });
});
