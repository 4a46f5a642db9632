import { describe, expect, it } from '@jest/globals';
import { planRelease, type RetainedCapture } from '../../../../src/modules/retention/domain/retention-plan.js';

/** Three segments of 10 s each from `epochMs` on. */
function capture(openSegment: string | null, epochMs = 100_000): RetainedCapture {
  const fragments = ['1', '2', '3'].flatMap((segment, index) =>
    [0, 5_000].map((offset) => ({
      ...{ segment, offset, moofBytes: 1, sizeBytes: 2, frames: 1, isSync: true },
      ...{ startMs: index * 10_000 + offset, durationMs: 5_000 },
    })),
  );
  return { captureId: 'c', cameraId: 'cam', epochMs, configDigest: 'd', fragments, openSegment };
}

const needed = (startMs: number, endMs: number | null, cameraId = 'cam') => ({ cameraId, startMs, endMs });
const release = (openSegment: string | null, ...ranges: ReturnType<typeof needed>[]) =>
  planRelease([capture(openSegment)], ranges).map(({ segments }) => segments);

describe('planRelease', () => {
  it('releases an ended capture as a whole when nobody needs it', () => {
    expect(release(null)).toEqual(['all']);
    expect(release(null, needed(100_000, 130_000, 'another camera'))).toEqual(['all']);
    expect(planRelease([{ ...capture(null), fragments: [] }], [])).toMatchObject([{ segments: 'all' }]);
  });

  it('keeps every segment that a range touches', () => {
    expect(release(null, needed(112_000, 113_000))).toEqual([['1', '3']]);
    expect(release(null, needed(109_999, 120_001))).toEqual([]);
    expect(release(null, needed(110_000, 120_000))).toEqual([['1', '3']]);
  });

  it('keeps everything from the start of an open range on', () => {
    expect(release(null, needed(125_000, null))).toEqual([['1', '2']]);
    expect(release(null, needed(50_000, null))).toEqual([]);
  });

  it('never releases the segment that is being written, nor the folder around it', () => {
    expect(release('3')).toEqual([['1', '2']]);
    expect(planRelease([{ ...capture(''), fragments: [] }], [])).toEqual([]);
  });
});
