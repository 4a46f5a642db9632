import type { EnvReader } from './env-reader.js';

/** How recordings are made and kept until they are in the store. */
export interface RecordingConfig {
  maxConcurrent: number;
  /** When this many recordings have not begun yet, triggers are refused (503): ten rounds of the default slots take minutes. */
  maxQueued: number;
  /** No event joins a recording that reaches back further: one object must stay handy to load, to send and to make anew. */
  mergeMaxSec: number;
  /** A trigger that comes later than this has a wrong clock, so its recording starts now: a webhook is tried again within minutes. */
  lateTriggerMaxSec: number;
  minFreeDiskBytes: number;
  /** The free space is looked at this often: fifty cameras at 8 Mbit/s write 50 MB in a second, a twentieth of the default minimum. */
  diskCheckMs: number;
  /** A camera that has given no picture this long after the trigger ends the playback FAILED. */
  startTimeoutMs: number;
  /**
   * A camera that sends nothing for this long has stalled. FFmpeg gives up a connection after half of it without a byte, so that a camera
   * may send a picture every five seconds at the default.
   */
  stallTimeoutMs: number;
  /**
   * A camera that sends is waited for so long until its first key frame: smart codecs (H.264+, H.265+) space them by up to a minute or
   * two, and a stream joined in the middle shows nothing before.
   */
  keyFrameTimeoutMs: number;
  /**
   * FFmpeg is waited for so long to find out what a camera sends: 25 s at a frame a second, and as long as the first key frame takes where
   * the description lacks parameter sets.
   */
  lookTimeoutMs: number;
  /** After SIGINT FFmpeg has this long to write its last fragment before SIGKILL. */
  stopTimeoutMs: number;
  /** Fragments are cut at least this often, beside at every key frame. */
  fragmentMs: number;
  /** A log segment is closed at the first key frame after this much footage. */
  segmentMs: number;
  /**
   * A fragment is brought to stable storage this long after it was written, at most; 0: at once. It is what a power loss can take beside
   * the fragment under way. A sync costs about 1 ms of an SSD, a seek or more of a hard disk: fifty cameras make 25 a second at 2 s.
   */
  fsyncMs: number;
  /** Open rows are compared with the running recordings this often, beside at each notification. */
  reconcileMs: number;
  /** A recorder that is gone with footage of which nothing is in the store is waited for so long after the recording's end. */
  footageWaitSec: number;
  /** Progress of running recordings goes to the database this often. */
  progressMs: number;
}

/** Which recorder has which camera. */
export interface OwnershipConfig {
  /** A recorder that has lost the database ends its captures after this long, unless it was the only one. */
  lossMs: number;
  /** A camera whose owner is gone is taken after this long: longer than `lossMs`, so that it is never captured twice. */
  takeoverDelayMs: number;
}

/** What is kept of cameras with a pre-roll. */
export interface RingConfig {
  /** Beyond the pre-roll, for triggers that come late. */
  extraSec: number;
  /** Per camera; a ring that is larger loses its oldest footage. */
  maxBytes: number;
}

const GIB = 1024 ** 3;

/** Reads what a recorder goes by. */
export function readRecording(reader: EnvReader): {
  recording: RecordingConfig;
  ownership: OwnershipConfig;
  ring: RingConfig;
} {
  const ownership = {
    lossMs: reader.int('OWNERSHIP_LOSS_MS', 1_500, { min: 200, max: 60_000 }),
    takeoverDelayMs: reader.int('TAKEOVER_DELAY_MS', 2_500, { min: 400, max: 120_000 }),
  };
  if (ownership.takeoverDelayMs < ownership.lossMs * 1.5) {
    reader.faults.push('TAKEOVER_DELAY_MS must be at least one and a half times OWNERSHIP_LOSS_MS');
  }
  return {
    recording: {
      maxConcurrent: reader.int('MAX_CONCURRENT_RECORDINGS', 100, { min: 1, max: 10_000 }),
      maxQueued: reader.int('MAX_QUEUED_RECORDINGS', 1_000, { min: 1, max: 100_000 }),
      mergeMaxSec: reader.int('MERGE_MAX_SEC', 3_600, { min: 1, max: 43_200 }),
      lateTriggerMaxSec: reader.int('LATE_TRIGGER_MAX_SEC', 300, { min: 0, max: 3_600 }),
      minFreeDiskBytes: reader.int('MIN_FREE_DISK_BYTES', GIB, { min: 0, max: Number.MAX_SAFE_INTEGER }),
      diskCheckMs: reader.int('DISK_CHECK_MS', 1_000, { min: 100, max: 60_000 }),
      startTimeoutMs: reader.int('CAMERA_START_TIMEOUT_MS', 30_000, { min: 1_000, max: 600_000 }),
      stallTimeoutMs: reader.int('STALL_TIMEOUT_MS', 10_000, { min: 2_000, max: 300_000 }),
      keyFrameTimeoutMs: reader.int('KEY_FRAME_TIMEOUT_MS', 180_000, { min: 2_000, max: 3_600_000 }),
      lookTimeoutMs: reader.int('LOOK_TIMEOUT_MS', 180_000, { min: 2_000, max: 3_600_000 }),
      stopTimeoutMs: reader.int('FFMPEG_STOP_TIMEOUT_MS', 6_000, { min: 500, max: 60_000 }),
      fragmentMs: reader.int('FRAGMENT_MS', 1_000, { min: 200, max: 10_000 }),
      segmentMs: reader.int('SEGMENT_MS', 10_000, { min: 1_000, max: 600_000 }),
      fsyncMs: reader.int('FSYNC_MS', 2_000, { min: 0, max: 60_000 }),
      reconcileMs: reader.int('RECONCILE_MS', 2_000, { min: 100, max: 60_000 }),
      footageWaitSec: reader.int('FOOTAGE_WAIT_SEC', 600, { min: 0, max: 604_800 }),
      progressMs: reader.int('PROGRESS_MS', 2_000, { min: 200, max: 60_000 }),
    },
    ownership,
    ring: {
      extraSec: reader.int('RING_EXTRA_SEC', 30, { min: 0, max: 3_600 }),
      maxBytes: reader.int('RING_MAX_BYTES', GIB / 4, { min: 1_048_576, max: Number.MAX_SAFE_INTEGER }),
    },
  };
}
