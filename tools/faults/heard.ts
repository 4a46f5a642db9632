import type { SentReport } from '@hindsight/virtual-camera';
import { overlapMs } from './spans.js';

/** The frames that each client could hear, whole ones alone: without those that were still in the camera when it ended. */
export function heardSessions(report: SentReport, stream: string): number[][] {
  return report.sessions
    .filter((session) => session.stream === stream)
    .map(({ ranges, closedAtMs, unflushedFrames }) => {
      const unsure = new Set(closedAtMs === null ? [] : unflushedFrames);
      return ranges
        .filter(({ damaged }) => !damaged)
        .flatMap(({ firstFrame, lastFrame }) =>
          Array.from({ length: lastFrame - firstFrame + 1 }, (_, index) => firstFrame + index),
        )
        .filter((frame) => !unsure.has(frame));
    });
}

/** An FFmpeg whose service was killed hears the camera until its next write. */
const DYING_MS = 3_000;

/** Pairs of sessions that were open at once for longer than that, one sentence each: a camera is captured once at a time. */
export function findDoubles(report: SentReport, stream: string): string[] {
  const open = report.sessions
    .filter((session) => session.stream === stream)
    .map(({ openedAtMs, closedAtMs }) => ({ startMs: openedAtMs, endMs: closedAtMs ?? Infinity }))
    .sort((a, b) => a.startMs - b.startMs);
  return open.slice(1).flatMap((session, index) => {
    const togetherMs = overlapMs(open[index]!, session);
    const from = new Date(session.startMs).toISOString().slice(11, 23);
    return togetherMs > DYING_MS ? [`two captures at once from ${from} on, for ${Math.round(togetherMs)} ms`] : [];
  });
}
