import { setImmediate } from 'node:timers/promises';
import { type FragmentLog, type LoggedCapture, type SegmentSpans, spansOf } from '../footage/index.js';
import { type NeededRange, planRelease } from './domain/retention-plan.js';

/** What the log held at a moment: what has come since is not in it. */
export interface SweptCapture {
  capture: LoggedCapture;
  openSegment: string | null;
  spans: SegmentSpans;
}

/** By camera. */
export type Cameras = ReadonlyMap<string, readonly SweptCapture[]>;

export async function readLog(log: FragmentLog): Promise<Cameras> {
  const cameras = new Map<string, SweptCapture[]>();
  for (const cameraId of await log.findCameras()) {
    const captures = await log.listCaptures(cameraId);
    cameras.set(
      cameraId,
      captures.map((capture) => ({ capture, openSegment: capture.openSegment, spans: spansOf(capture) })),
    );
  }
  return cameras;
}

/** Deletes what nobody needs of it. @param cameras what the log held before it was asked what is needed */
export async function release(log: FragmentLog, cameras: Cameras, needed: readonly NeededRange[]): Promise<void> {
  for (const [cameraId, captures] of cameras) {
    const ranges = needed.filter((range) => range.cameraId === cameraId);
    for (const { capture, openSegment, spans } of captures) {
      await setImmediate(); // a sweep over many cameras must not hold up their pictures
      const segments = planRelease({ openSegment, spans }, ranges);
      if (segments === 'all') await log.removeCapture(capture);
      else if (segments.length > 0) await log.removeSegments(capture, segments);
    }
  }
}
