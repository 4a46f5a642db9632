import type { PlaybackKind } from '../../../schema/playback-state.js';

export interface WaitingRecording {
  playbackId: string;
  cameraId: string;
  kind: PlaybackKind;
}

/**
 * Which of the waiting recordings to start now, in this order, so that at most `max` run. The camera with the fewest running recordings goes first,
 * then the recording that has waited longest: a camera that triggers all the time takes the slots that are left over, and starves nobody.
 * Schedules take at most half of the slots: those of a hundred cameras that begin at nine would leave none for events until the evening.
 * @param waiting the oldest first
 * @returns ids of playbacks
 */
export function planStarts(
  waiting: readonly WaitingRecording[],
  running: readonly { cameraId: string; kind: PlaybackKind }[],
  max: number,
): string[] {
  const counts = new Map<string, number>();
  const countOf = (cameraId: string) => counts.get(cameraId) ?? 0;
  for (const { cameraId } of running) counts.set(cameraId, countOf(cameraId) + 1);
  const mostScheduled = Math.max(1, Math.floor(max / 2));
  let scheduled = running.filter(({ kind }) => kind === 'schedule').length;
  let left = [...waiting];
  const starts: string[] = [];
  while (running.length + starts.length < max) {
    if (scheduled >= mostScheduled) left = left.filter(({ kind }) => kind !== 'schedule');
    if (left.length === 0) break;
    const fewest = Math.min(...left.map(({ cameraId }) => countOf(cameraId)));
    const index = left.findIndex(({ cameraId }) => countOf(cameraId) === fewest);
    const [next] = left.splice(index, 1);
    counts.set(next!.cameraId, fewest + 1);
    if (next!.kind === 'schedule') scheduled += 1;
    starts.push(next!.playbackId);
  }
  return starts;
}
