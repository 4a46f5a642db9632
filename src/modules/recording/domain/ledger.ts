export const GAP_CAUSES = [
  'camera_starting',
  'camera_unreachable',
  'camera_refused',
  'camera_lost',
  'stalled',
  'no_video',
  'codec_changed',
  'waiting_for_slot',
  'disk_full',
  'service_stopped',
  'ffmpeg_failed',
  'unknown',
] as const;
export type GapCause = (typeof GAP_CAUSES)[number];

/** A stretch of the wanted range without footage, half-open, ISO 8601 UTC. */
export interface Gap {
  startAt: string;
  endAt: string;
  cause: GapCause;
}
