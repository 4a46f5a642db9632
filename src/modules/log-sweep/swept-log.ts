import { setImmediate } from 'node:timers/promises';
import { streamKey } from '../../schema/stream-id.js';
import { StreamMap } from '../../schema/stream-map.js';
import type { LogArchivist } from '../archive/index.js';
import { type FragmentLog, type LoggedCapture, type SegmentSpans, spansOf } from '../footage/index.js';
import { type NeededRange, planRelease } from './domain/release-plan.js';

/** What the log held at a moment: what has come since is not in it. */
export interface SweptCapture {
  capture: LoggedCapture;
  openSegment: string | null;
  spans: SegmentSpans;
}

/** By stream. */
export type SweptLog = StreamMap<readonly SweptCapture[]>;

/** Cameras of which there is something in it. */
export function camerasOf(log: SweptLog): string[] {
  return [...new Set(log.keys().map(({ cameraId }) => cameraId))];
}

export async function readLog(log: FragmentLog): Promise<SweptLog> {
  const swept: SweptLog = new StreamMap();
  for (const stream of await log.findStreams()) {
    const captures = await log.listCaptures(stream);
    swept.set(
      stream,
      captures.map((capture) => ({ capture, openSegment: capture.openSegment, spans: spansOf(capture) })),
    );
  }
  return swept;
}

/** What the archive has not got yet. Each stream has one such range at most. */
export function unarchived(log: SweptLog, archivist: LogArchivist): NeededRange[] {
  return [...log].flatMap(([stream, captures]) => {
    const startMs = archivist.keptFrom(captures.map(({ capture }) => capture));
    return startMs === null ? [] : [{ stream, startMs, endMs: null }];
  });
}

/** Deletes what nobody needs of it. @param swept what the log held before it was asked what is needed */
export async function release(log: FragmentLog, swept: SweptLog, needed: readonly NeededRange[]): Promise<void> {
  for (const [stream, captures] of swept) {
    const ranges = needed.filter((range) => streamKey(range.stream) === streamKey(stream));
    for (const { capture, openSegment, spans } of captures) {
      await setImmediate(); // a sweep over many cameras must not hold up their pictures
      const segments = planRelease({ openSegment, spans }, ranges);
      if (segments === 'all') await log.removeCapture(capture);
      else if (segments.length > 0) await log.removeSegments(capture, segments);
    }
  }
}
