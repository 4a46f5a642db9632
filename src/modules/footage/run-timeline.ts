import type { Anchor } from './domain/capture-clock.js';
import type { TimedCapture } from './domain/pace/capture-times.js';
import type { SegmentWriter } from './segment-writer.store.js';

/** Corrections reach back half a minute or some hundred fragments; a camera that changes its stream with each of them is no camera. */
const MOST_CAPTURES = 64;

/**
 * Where the captures of one FFmpeg run stand on the wall clock. A run whose stream changes goes on in another capture, and what is found
 * out later of its times holds for those that have ended too: they must still meet.
 */
export class RunTimeline implements TimedCapture {
  private files: SegmentWriter[];

  constructor(first: SegmentWriter) {
    this.files = [first];
  }

  get epochMs(): number {
    return this.latest.epochMs;
  }

  set epochMs(epochMs: number) {
    for (const { capture } of this.files) capture.epochMs = epochMs;
  }

  get anchors(): readonly Anchor[] {
    return this.latest.anchors ?? [];
  }

  /** Captures of the run may have anchors of older footage, which the latest one needs no more or never had. */
  set anchors(anchors: readonly Anchor[]) {
    const fromMs = anchors[0]?.fromMs ?? -Infinity;
    for (const { capture } of this.files) {
      const older = (capture.anchors ?? []).filter((anchor) => anchor.fromMs < fromMs);
      capture.anchors = [...older, ...anchors];
    }
  }

  /** When the next capture may say that it began: their names are in the order of time. */
  nextStartMs(nowMs: number): number {
    return Math.max(nowMs, Number.parseInt(this.latest.captureId, 10) + 1);
  }

  /** The wall clock was set: what follows has a time of its own. */
  beginWith(files: SegmentWriter): void {
    this.files = [files];
  }

  /** The same time goes on in another capture. */
  goOnIn(files: SegmentWriter): void {
    this.files = [...this.files, files].slice(-MOST_CAPTURES);
  }

  /** Brings what the captures say of themselves up to date, in the background. */
  save(): void {
    for (const files of this.files) files.saveMeta();
  }

  /** Resolves when that is done, whatever came of it in captures that have ended: they may be deleted by now. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.files.map((files) => files.settle()));
  }

  private get latest() {
    return this.files.at(-1)!.capture;
  }
}
