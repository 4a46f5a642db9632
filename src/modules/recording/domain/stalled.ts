/** What is known of a recording that runs here. */
export interface RunningRecording {
  playbackId: string;
  cameraId: string;
  /** Null while nobody has ended it. */
  rangeEndMs: number | null;
  isAbandoned: boolean;
  /** Why its capture has given nothing since it last did, or null. */
  lastFailure: object | null;
  /** When its capture last gave footage that belongs to it, by the monotonic clock; null: not yet. */
  takenAtMs: number | null;
}

export interface StalledRecording {
  playbackId: string;
  cameraId: string;
  sinceMs: number;
}

/** One instant by both clocks, and how long a camera may be silent before its capture is given up. */
export interface StallTimes {
  nowMs: number;
  monotonicMs: number;
  stallTimeoutMs: number;
}

/**
 * Recordings that have had footage and get no more, although their range goes on and their capture has not failed. An FFmpeg that has begun
 * to give footage gives a fragment each second, or with each picture of a camera that sends fewer, however far apart the key frames are. A
 * camera that says nothing fails after the stall timeout, and then its status tells it. So a longer silence without a failure is the
 * recorder's own, or its disk's.
 */
export function findStalled(
  recordings: readonly RunningRecording[],
  { nowMs, monotonicMs, stallTimeoutMs }: StallTimes,
): StalledRecording[] {
  return recordings.flatMap(({ playbackId, cameraId, rangeEndMs, isAbandoned, lastFailure, takenAtMs }) => {
    if (takenAtMs === null || isAbandoned || lastFailure !== null) return [];
    if (rangeEndMs !== null && rangeEndMs <= nowMs) return [];
    const quietMs = monotonicMs - takenAtMs;
    // Twice: the capture takes some time to be ended after it was given up.
    return quietMs > 2 * stallTimeoutMs ? [{ playbackId, cameraId, sinceMs: nowMs - quietMs }] : [];
  });
}
