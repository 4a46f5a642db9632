import type { SentReport } from '../virtual-camera/index.js';

/** The frames that each client could hear, whole ones alone: without those that were still in the camera when it ended. */
export function heardSessions(report: SentReport, stream: string): number[][] {
  return report.sessions
    .filter((session) => session.stream === stream)
    .map(({ ranges, closedAtMs, flushedFrame }) => {
      const end = closedAtMs === null ? Infinity : (flushedFrame ?? -Infinity);
      return ranges
        .filter(({ damaged }) => !damaged)
        .flatMap(({ firstFrame, lastFrame }) => {
          const last = Math.min(lastFrame, end);
          return Array.from({ length: Math.max(0, last - firstFrame + 1) }, (_, index) => firstFrame + index);
        });
    });
}
