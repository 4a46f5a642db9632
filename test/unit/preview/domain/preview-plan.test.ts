import { describe, expect, it } from '@jest/globals';
import type { StreamIndex, StreamSegment } from '../../../../src/schema/stream-index.js';
import {
  type PlacedSegment,
  placeSegments,
  planGrid,
  planThumbnail,
  planTiles,
} from '../../../../src/modules/preview/domain/preview-plan.js';

const START = 1_000_000;

function segmentsOf(count: number, { from = START, durationMs = 2_000 } = {}): StreamSegment[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ id: `a-${from + index * durationMs}`, offset: index * 100, sizeBytes: 100 },
    ...{ startAtMs: from + index * durationMs, durationMs },
  }));
}

const place = (...runs: StreamSegment[][]): PlacedSegment[] =>
  placeSegments({ inits: ['', ''], runs: runs.map((segments, init) => ({ init, segments })) } satisfies StreamIndex);

describe('placeSegments', () => {
  it('lets a pause between two runs last as long as it did', () => {
    const placed = place(segmentsOf(2), segmentsOf(2, { from: START + 60_000 }));
    expect(placed.map(({ atMs, init }) => [atMs, init])).toEqual([
      [0, 0],
      [2_000, 0],
      [60_000, 1],
      [62_000, 1],
    ]);
  });

  it('takes the pieces of a segment for one', () => {
    const [first, second, third] = segmentsOf(3) as [StreamSegment, StreamSegment, StreamSegment];
    const placed = place([first, { ...second, offset: 9_000, continues: true }, third]);
    expect(placed.map(({ atMs, durationMs, pieces }) => [atMs, durationMs, pieces.length])).toEqual([
      [0, 4_000, 2],
      [4_000, 2_000, 1],
    ]);
  });
});

describe('planThumbnail', () => {
  const placed = place(segmentsOf(5), segmentsOf(5, { from: START + 60_000 }));
  const planned = (triggerMs: number | null) => {
    const plan = planThumbnail(placed, triggerMs === null ? null : START + triggerMs);
    return plan && plan.segment.atMs + plan.afterMs;
  };

  it.each([
    ['inside the footage', 3_100, 3_600],
    ['at its start', 0, 500],
    ['just before a camera was awake', -3_000, 500],
    ['in a pause that ends soon', 58_000, 60_500],
  ])('is taken half a second after a trigger %s', (_name, triggerMs, atMs) => {
    expect(planned(triggerMs)).toBe(atMs);
  });

  it.each([
    ['nothing triggered it', null],
    ['the trigger came long before', -6_000],
    ['the trigger came in a long pause', 30_000],
    ['the trigger came after the end', 90_000],
  ])('is taken from the middle of the footage when %s', (_name, triggerMs) => {
    // Ten seconds of footage before the pause, ten behind it.
    expect(planned(triggerMs)).toBe(60_000);
  });

  it('is not planned without footage', () => {
    expect(planThumbnail([], START)).toBeNull();
  });
});

describe('planTiles', () => {
  const times = (segments: PlacedSegment[]) => planTiles(segments).map(({ atMs }) => atMs);

  it('takes each segment of a short video', () => {
    expect(times(place(segmentsOf(3)))).toEqual([0, 2_000, 4_000]);
    expect(times([])).toEqual([]);
  });

  it('takes a hundred of a long one, at even steps', () => {
    const atMs = times(place(segmentsOf(1_800)));
    expect(atMs).toHaveLength(100);
    const steps = atMs.slice(1).map((ms, index) => ms - atMs[index]!);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(34_000);
    expect(Math.max(...steps)).toBeLessThanOrEqual(38_000);
  });

  it('takes none twice where there are few for a long time', () => {
    const long = place(segmentsOf(100), segmentsOf(20, { from: START + 3_600_000 }));
    const atMs = times(long);
    expect(new Set(atMs).size).toBe(atMs.length);
    expect(atMs.length).toBeLessThan(100);
    expect([...atMs].sort((a, b) => a - b)).toEqual(atMs);
  });
});

describe('planGrid', () => {
  it.each([
    [1, 1, 1],
    [7, 7, 1],
    [10, 10, 1],
    [11, 10, 2],
    [100, 10, 10],
  ])('lays %i tiles out as %i columns and %i rows', (tiles, columns, rows) => {
    expect(planGrid(tiles)).toEqual({ columns, rows });
  });
});
