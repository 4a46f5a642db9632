import { describe, expect, it } from '@jest/globals';
import { selectFootage, type StoredFragment, type Take } from '../../../../src/modules/footage/domain/footage.js';
import {
  beginWith,
  groupSegments,
  indexRun,
  segmentId,
} from '../../../../src/modules/footage/domain/stream-segments.js';

const EPOCH_MS = Date.UTC(2026, 0, 31, 12);

/** Fragments of a second from 10 s on, a key frame where there is a `K`. */
function captureOf(keys: string, captureId = '1769860800000-0a1b2c3d', epochMs = EPOCH_MS) {
  const fragments = [...keys].map((key, index): StoredFragment => ({
    ...{ segment: '000001.m4s', offset: index * 100, moofBytes: 10, sizeBytes: 100, frames: 25 },
    ...{ startMs: 10_000 + index * 1_000, durationMs: 1_000, isSync: key === 'K' },
  }));
  return { captureId, epochMs, configDigest: 'x', fragments };
}

function takeOf(keys: string): Take {
  const capture = captureOf(keys);
  return { capture, fragments: capture.fragments, span: { startMs: EPOCH_MS, endMs: EPOCH_MS } };
}

describe('segments for players', () => {
  it('reach from key frame to key frame, and are named by their capture and their start in it', () => {
    const groups = groupSegments(takeOf('K.KK..'));
    expect(groups.map(({ id, startMs, durationMs, sizeBytes }) => [id, startMs, durationMs, sizeBytes])).toEqual([
      ['1769860800000-0a1b2c3d-10000', 10_000, 2_000, 200],
      ['1769860800000-0a1b2c3d-12000', 12_000, 1_000, 100],
      ['1769860800000-0a1b2c3d-13000', 13_000, 3_000, 300],
    ]);
  });

  it('last as long as their footage, a pause in the middle too', () => {
    const take = takeOf('K..');
    take.capture.fragments[2]!.startMs += 4_000;
    expect(groupSegments(take)).toMatchObject([{ durationMs: 7_000 }]);
  });

  it('have whole milliseconds in their names', () => {
    expect(segmentId('7-a', { startMs: 1_966.6667 })).toBe('7-a-1967');
  });

  it('are cut where their bytes are not in a row in the object, and only the rest says that it has no key frame', () => {
    // The last three fragments lie in front of the others.
    const run = indexRun(takeOf('K.K...'), 3, [1_000, 1_100, 1_200, 400, 500, 600]);
    expect(run).toEqual({
      init: 3,
      segments: [
        {
          id: '1769860800000-0a1b2c3d-10000',
          offset: 1_000,
          sizeBytes: 200,
          startAtMs: EPOCH_MS + 10_000,
          durationMs: 2_000,
        },
        {
          id: '1769860800000-0a1b2c3d-12000',
          offset: 1_200,
          sizeBytes: 100,
          startAtMs: EPOCH_MS + 12_000,
          durationMs: 1_000,
        },
        {
          ...{ id: '1769860800000-0a1b2c3d-13000', offset: 400, sizeBytes: 300, continues: true },
          ...{ startAtMs: EPOCH_MS + 13_000, durationMs: 3_000 },
        },
      ],
    });
    const atKeyFrame = indexRun(takeOf('K.K.'), 0, [1_000, 1_100, 400, 500]);
    expect(atKeyFrame.segments.map(({ continues }) => continues)).toEqual([undefined, undefined]);
  });
});

describe('where a recording begins', () => {
  const range = { startMs: EPOCH_MS + 14_500, endMs: Infinity };
  const first = '1769860800000-0a1b2c3d-14000';
  const starts = (takes: readonly Take[]) => takes.map(({ fragments }) => fragments[0]!.startMs);

  it('is the group with its first fragment, though the clock of the capture has been corrected', () => {
    for (const movedMs of [-3_000, -1_000, 0, 1_000, 3_000]) {
      const takes = selectFootage([captureOf('K.K.K.K.', undefined, EPOCH_MS + movedMs)], range);
      const pinned = beginWith(takes, first);
      expect([movedMs, ...starts(pinned)]).toEqual([movedMs, 14_000]);
      expect(pinned[0]!.span.startMs).toBe(EPOCH_MS + movedMs + 14_000);
      expect(pinned[0]!.fragments.at(-1)).toBe(takes[0]!.fragments.at(-1));
    }
  });

  it('is the key frame before a fragment in the middle of a group', () => {
    const takes = selectFootage([captureOf('K...K.')], range);
    expect(starts(beginWith(takes, '1769860800000-0a1b2c3d-12000'))).toEqual([10_000]);
  });

  it('leaves out captures that end before it, and keeps those that follow', () => {
    const before = captureOf('KK', '1-aa', EPOCH_MS + 4_000);
    const after = captureOf('KK', '9-bb', EPOCH_MS + 60_000);
    const takes = selectFootage([before, captureOf('K.K.K.K.'), after], range);
    expect(takes).toHaveLength(3);
    expect(beginWith(takes, first).map(({ capture }) => capture.captureId)).toEqual(['1769860800000-0a1b2c3d', '9-bb']);
  });

  it('is the range where nobody has noted it, or its capture is not there', () => {
    const takes = selectFootage([captureOf('K.K.K.K.')], range);
    expect(beginWith(takes, null)).toEqual(takes);
    expect(beginWith(takes, '5-cc-14000')).toEqual(takes);
  });
});
