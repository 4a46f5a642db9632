export interface WaitingRecording {
  playbackId: string;
  cameraId: string;
}

/**
 * Which of the waiting recordings to start now, in this order, so that at most `max` run. The camera with the fewest running recordings goes first,
 * then the recording that has waited longest: a camera that triggers all the time takes the slots that are left over, and starves nobody.
 * @param waiting the oldest first
 * @returns ids of playbacks
 */
export function planStarts(
  waiting: readonly WaitingRecording[],
  running: readonly { cameraId: string }[],
  max: number,
): string[] {
  const counts = new Map<string, number>();
  const countOf = (cameraId: string) => counts.get(cameraId) ?? 0;
  for (const { cameraId } of running) counts.set(cameraId, countOf(cameraId) + 1);
  const left = [...waiting];
  const starts: string[] = [];
  while (left.length > 0 && running.length + starts.length < max) {
    const fewest = Math.min(...left.map(({ cameraId }) => countOf(cameraId)));
    const index = left.findIndex(({ cameraId }) => countOf(cameraId) === fewest);
    const [next] = left.splice(index, 1);
    counts.set(next!.cameraId, fewest + 1);
    starts.push(next!.playbackId);
  }
  return starts;
}
