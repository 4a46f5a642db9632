import { describe, expect, it } from '@jest/globals';
import { listLiveRuns, listStoredSegments } from '../../../../src/modules/footage/domain/stream-runs.js';
import { selectFootage, type StoredFragment } from '../../../../src/modules/footage/domain/footage.js';

const EPOCH_MS = Date.UTC(2026, 0, 31, 12);

/** Fragments of a second, a key frame where there is a `K`, and a second of nothing where there is a `_`. */
function captureOf(keys: string, { endedAtMs = null as number | null, captureId = '7-a', epochMs = EPOCH_MS } = {}) {
  const fragments = [...keys].flatMap((key, index): StoredFragment[] => [
    {
      ...{ segment: '000001.m4s', offset: index * 100, moofBytes: 10, sizeBytes: 100, frames: 25 },
      ...{ startMs: index * 1_000, durationMs: 1_000, isSync: key === 'K' },
    },
  ]);
  const there = fragments.filter((_fragment, index) => keys[index] !== '_');
  return { captureId, epochMs, configDigest: 'x', endedAtMs, fragments: there };
}

function lengthsOf(captures: ReturnType<typeof captureOf>[], { endMs = Infinity, isOver = false } = {}) {
  const takes = selectFootage(captures, { startMs: EPOCH_MS, endMs });
  return listLiveRuns(takes, isOver).map(({ segments }) => segments.map(({ durationMs }) => durationMs));
}

describe('what can be shown of a recording that goes on', () => {
  it('is every group whose next key frame has come', () => {
    expect(lengthsOf([captureOf('K.K.')])).toEqual([[2_000]]);
    expect(lengthsOf([captureOf('K.K.K')])).toEqual([[2_000, 2_000]]);
    expect(lengthsOf([captureOf('K..')])).toEqual([]);
  });

  it('is the last group too once its capture has ended', () => {
    expect(lengthsOf([captureOf('K.K.', { endedAtMs: EPOCH_MS + 4_000 })])).toEqual([[2_000, 2_000]]);
  });

  it('is not a group in which the range ends, as long as another event may prolong it', () => {
    const endMs = EPOCH_MS + 2_500;
    expect(lengthsOf([captureOf('K.K.K.')], { endMs })).toEqual([[2_000]]);
    expect(lengthsOf([captureOf('K.K.K.', { endedAtMs: EPOCH_MS + 6_000 })], { endMs })).toEqual([[2_000]]);
    expect(lengthsOf([captureOf('K.K.K.')], { endMs: EPOCH_MS + 4_000 })).toEqual([[2_000, 2_000]]);
    expect(lengthsOf([captureOf('K.K.K.')], { endMs, isOver: true })).toEqual([[2_000, 1_000]]);
  });

  it('never changes but by growing', () => {
    const keys = 'K.K..KK..._..K.K..';
    let before: string[] = [];
    for (let count = 1; count <= keys.length; count += 1) {
      const takes = selectFootage([captureOf(keys.slice(0, count))], { startMs: EPOCH_MS, endMs: Infinity });
      const now = listLiveRuns(takes, false)
        .flatMap(({ segments }) => segments)
        .map(({ id, durationMs, sizeBytes }) => `${id} ${durationMs} ${sizeBytes}`);
      expect(now.slice(0, before.length)).toEqual(before);
      before = now;
    }
    expect(before).toHaveLength(5);
  });

  it('lasts until the next segment when the stream made a pause', () => {
    expect(lengthsOf([captureOf('K.__K.K')])).toEqual([[4_000, 2_000]]);
  });

  it('is a run for every capture that has something to show', () => {
    const ended = captureOf('K.', { endedAtMs: EPOCH_MS + 2_000 });
    const next = (keys: string) => captureOf(keys, { captureId: '8-b', epochMs: EPOCH_MS + 9_000 });
    expect(lengthsOf([ended, next('K')])).toEqual([[2_000]]);
    expect(lengthsOf([ended, next('K.K')])).toEqual([[2_000], [2_000]]);
  });
});

describe('the segments of a stored video', () => {
  const segment = (startAtMs: number, offset: number, more: { continues?: true } = {}) => ({
    ...{ id: `7-a-${startAtMs}`, offset, sizeBytes: 100, startAtMs, durationMs: 1_000 },
    ...more,
  });

  it('are one again where the object holds them in pieces', () => {
    const segments = [segment(0, 500), segment(1_000, 40, { continues: true }), segment(2_000, 140)];
    expect(listStoredSegments({ init: 0, segments })).toEqual([
      {
        ...{ id: '7-a-0', startAtMs: 0, durationMs: 2_000, sizeBytes: 200 },
        pieces: [
          { offset: 500, sizeBytes: 100 },
          { offset: 40, sizeBytes: 100 },
        ],
      },
      {
        id: '7-a-2000',
        startAtMs: 2_000,
        durationMs: 1_000,
        sizeBytes: 100,
        pieces: [{ offset: 140, sizeBytes: 100 }],
      },
    ]);
  });

  it('are as long as they were while it was recorded', () => {
    const segments = [segment(0, 0), segment(4_000, 100), segment(5_030, 200)];
    expect(listStoredSegments({ init: 0, segments }).map(({ durationMs }) => durationMs)).toEqual([
      4_000, 1_000, 1_000,
    ]);
  });
});
