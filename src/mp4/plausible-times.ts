import type { FragmentTiming } from './fragment.js';

/** No camera pauses for longer within one run of FFmpeg, and no picture stands for longer: its watchdog waits for minutes. */
const MAX_STEP_MS = 24 * 3_600_000;
/** No run of FFmpeg lasts longer. */
const MAX_CAPTURE_MS = 10 * 365 * 24 * 3_600_000;

/**
 * Whether the times of a fragment can be those of a capture, behind those of the fragment before it. A bit that is wrong puts it years away,
 * and whoever fills the time between would never end.
 */
export function isPlausibleAfter(before: FragmentTiming | null, { startMs, durationMs }: FragmentTiming): boolean {
  if (!(startMs >= 0 && startMs <= MAX_CAPTURE_MS && durationMs >= 0 && durationMs <= MAX_STEP_MS)) return false;
  return !before || Math.abs(startMs - (before.startMs + before.durationMs)) <= MAX_STEP_MS;
}
