import { type SentReport, UNREADABLE } from '@hindsight/virtual-camera';
import type { RecordingEvidence } from '../../../tools/faults/judge-recording.js';

/** The camera's first frame was taken at 0, so that frame n was taken at n × 40 ms. */
export const FPS = 25;
export const FRAME_MS = 1_000 / FPS;
export const LOOP_LENGTH = 500;

export interface SentTo {
  first: number;
  last: number;
  /** Default: all of it. */
  flushed?: number;
}

/** What the camera says: one session per entry, its frames without a break. */
export function sentReport(...sessions: SentTo[]): SentReport {
  return {
    startedAtMs: 0,
    forgottenBeforeMs: null,
    sessions: sessions.map(({ first, last, flushed = last }, index) => ({
      ...{ id: String(index), stream: 'main', fps: FPS, loopLength: LOOP_LENGTH, closedBy: 'client' },
      ...{ openedAtMs: first * FRAME_MS, closedAtMs: (last + 1) * FRAME_MS },
      unflushedFrames: frames(flushed + 1, last + 1),
      ranges: [
        {
          ...{ firstFrame: first, lastFrame: last, maxLateMs: 0, damaged: false },
          ...{ firstTakenAtMs: first * FRAME_MS, lastTakenAtMs: last * FRAME_MS },
        },
      ],
    })),
  };
}

/** Frame numbers from `first` to before `end`. */
export function frames(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

export interface Story {
  /** Frames of the wanted range. */
  wanted: [first: number, end: number];
  sent: SentTo[];
  /** Frames in the object; -1 for one that cannot be read. */
  stored: number[];
  /** Gaps of the ledger, as frames. */
  gaps?: [first: number, end: number][];
  /** How far the service's clock is behind the camera's. */
  delayMs?: number;
}

/** A recording with a ledger that balances. */
export function evidenceOf({ wanted, sent, stored, gaps = [], delayMs = 0 }: Story): RecordingEvidence {
  const at = (frame: number) => frame * FRAME_MS + delayMs;
  const expectedMs = (wanted[1] - wanted[0]) * FRAME_MS;
  const gapMs = gaps.reduce((sum, [first, end]) => sum + (end - first) * FRAME_MS, 0);
  let last = 0;
  const placed = stored.map((frame) => (last = frame === UNREADABLE ? last + 1 : frame));
  return {
    range: { startMs: wanted[0] * FRAME_MS, endMs: wanted[1] * FRAME_MS },
    ...{ sent: sentReport(...sent), fps: FPS, loopLength: LOOP_LENGTH },
    counters: stored.map((frame) => (frame === UNREADABLE ? UNREADABLE : frame % LOOP_LENGTH)),
    claimedAtMs: placed.map(at),
    ledger: {
      ...{ expectedMs, storedMs: expectedMs - gapMs },
      gaps: gaps.map(([first, end]) => ({ startMs: at(first), endMs: at(end) })),
    },
  };
}
