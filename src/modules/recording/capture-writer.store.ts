import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type StoredCapture, writeMeta } from './capture-files.store.js';
import { CaptureSync } from './capture-sync.store.js';
import type { StoredFragment } from './domain/footage.js';
import type { GapCause } from './domain/ledger.js';
import { type FragmentTiming, readFragmentTiming } from './domain/mp4/fragment.js';
import { mendFirstFrames } from './domain/mp4/fragment-repair.js';

/** FFmpeg probes a stream before it writes, so its first fragments come late: the clock is fitted for this long. */
const EPOCH_FIT_MS = 30_000;
/** Smaller corrections of the epoch are not worth a write. */
const EPOCH_STEP_MS = 5;

/** Appends the fragments of one running capture. Calls must not overlap: the reader of the pipe awaits each. */
export class CaptureWriter {
  private file: FileHandle | undefined;
  private firstStartMs: number | null = null;
  private segmentStartMs = 0;
  private segmentCount = 0;
  private offset = 0;
  private savedEpochMs: number;
  private readonly sync: CaptureSync;

  constructor(
    readonly capture: StoredCapture,
    private readonly limits: { segmentMs: number; fsyncMs: number },
  ) {
    this.savedEpochMs = capture.epochMs;
    this.sync = new CaptureSync(capture.dir, limits.fsyncMs, () => writeMeta(capture));
  }

  /**
   * @returns null for a fragment without video, which is dropped
   * @throws also what the disk said to an earlier fragment, when that one was brought to stable storage
   */
  async append(moof: Buffer, mdat: Buffer, arrivedAtMs: number): Promise<StoredFragment | null> {
    const { capture } = this;
    this.sync.throwIfFailed();
    if (this.firstStartMs === null) mendFirstFrames(moof, capture.init);
    const timing = readFragmentTiming(moof, capture.init);
    if (!timing) return null;
    this.fitEpoch(timing, arrivedAtMs);
    const full = timing.isSync && timing.startMs - this.segmentStartMs >= this.limits.segmentMs;
    const file = this.file && !full ? this.file : await this.nextSegment(timing.startMs);
    await writeAll(file, moof, mdat);
    this.sync.wrote(file);
    const fragment: StoredFragment = {
      ...timing,
      segment: capture.openSegment ?? '',
      offset: this.offset,
      moofBytes: moof.length,
      sizeBytes: moof.length + mdat.length,
    };
    this.offset += fragment.sizeBytes;
    capture.fragments.push(fragment);
    return fragment;
  }

  /** Resolves when all that was appended so far is on stable storage. */
  async settle(): Promise<void> {
    await this.sync.drain();
  }

  /** Whatever the disk says to it, the capture counts as ended: what is whole on disk is its footage. */
  async close(endedAtMs: number, endCause: GapCause | null): Promise<void> {
    Object.assign(this.capture, { endedAtMs, endCause, openSegment: null });
    this.endSegment();
    this.sync.changedMeta();
    await this.sync.drain();
  }

  /** Media cannot arrive before it happened: the earliest epoch that the arrivals allow is the nearest to the truth. */
  private fitEpoch({ startMs, durationMs }: FragmentTiming, arrivedAtMs: number): void {
    const { capture } = this;
    const first = this.firstStartMs === null;
    this.firstStartMs ??= startMs;
    if (startMs - this.firstStartMs > EPOCH_FIT_MS) return;
    const epochMs = arrivedAtMs - startMs - durationMs;
    if (!first && epochMs >= capture.epochMs) return;
    capture.epochMs = epochMs;
    if (!first && Math.abs(epochMs - this.savedEpochMs) < EPOCH_STEP_MS) return;
    this.savedEpochMs = epochMs;
    this.sync.changedMeta();
  }

  private async nextSegment(startMs: number): Promise<FileHandle> {
    this.endSegment();
    this.segmentCount += 1;
    this.segmentStartMs = startMs;
    this.offset = 0;
    this.capture.openSegment = `${String(this.segmentCount).padStart(6, '0')}.m4s`;
    this.file = await open(join(this.capture.dir, this.capture.openSegment), 'wx');
    this.sync.created();
    return this.file;
  }

  private endSegment(): void {
    if (this.file) this.sync.end(this.file);
    this.file = undefined;
  }
}

/** A nearly full disk takes a part of the bytes without an error. */
async function writeAll(file: FileHandle, moof: Buffer, mdat: Buffer): Promise<void> {
  const { bytesWritten } = await file.writev([moof, mdat]);
  if (bytesWritten < moof.length + mdat.length) {
    await file.writeFile(Buffer.concat([moof, mdat]).subarray(bytesWritten));
  }
}
