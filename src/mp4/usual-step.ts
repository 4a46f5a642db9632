import type { FragmentTiming } from './fragment.js';

/** What a fragment's usual step is told by. */
type Steps = Pick<FragmentTiming, 'durationMs' | 'frames' | 'longStills'>;

/** The usual time from frame to frame, or null when nothing tells it. */
export function usualStepMs(fragments: readonly Steps[]): number | null {
  const steps = fragments.map(({ durationMs, frames, longStills = [] }) => {
    if (frames <= longStills.length) return durationMs / frames;
    const stillMs = longStills.reduce((sum, still) => sum + still.durationMs, 0);
    return (durationMs - stillMs) / (frames - longStills.length);
  });
  return steps.sort((a, b) => a - b)[steps.length >> 1] ?? null;
}
