import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type StoredCapture, writeMeta } from './capture-files.store.js';
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

  constructor(
    readonly capture: StoredCapture,
    private readonly segmentMs: number,
  ) {
    this.savedEpochMs = capture.epochMs;
  }

  /** @returns null for a fragment without video, which is dropped */
  async append(moof: Buffer, mdat: Buffer, arrivedAtMs: number): Promise<StoredFragment | null> {
    const { capture } = this;
    if (this.firstStartMs === null) mendFirstFrames(moof, capture.init);
    const timing = readFragmentTiming(moof, capture.init);
    if (!timing) return null;
    await this.fitEpoch(timing, arrivedAtMs);
    const full = timing.isSync && timing.startMs - this.segmentStartMs >= this.segmentMs;
    const file = this.file && !full ? this.file : await this.nextSegment(timing.startMs);
    await writeAll(file, moof, mdat);
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

  /** Whatever the disk says to it, the capture counts as ended: what is whole on disk is its footage. */
  async close(endedAtMs: number, endCause: GapCause | null): Promise<void> {
    Object.assign(this.capture, { endedAtMs, endCause, openSegment: null });
    await this.closeSegment();
    await writeMeta(this.capture);
  }

  /** Media cannot arrive before it happened: the earliest epoch that the arrivals allow is the nearest to the truth. */
  private async fitEpoch({ startMs, durationMs }: FragmentTiming, arrivedAtMs: number): Promise<void> {
    const { capture } = this;
    const first = this.firstStartMs === null;
    this.firstStartMs ??= startMs;
    if (startMs - this.firstStartMs > EPOCH_FIT_MS) return;
    const epochMs = arrivedAtMs - startMs - durationMs;
    if (!first && epochMs >= capture.epochMs) return;
    capture.epochMs = epochMs;
    if (!first && Math.abs(epochMs - this.savedEpochMs) < EPOCH_STEP_MS) return;
    this.savedEpochMs = epochMs;
    await writeMeta(capture);
  }

  private async nextSegment(startMs: number): Promise<FileHandle> {
    await this.closeSegment();
    this.segmentCount += 1;
    this.segmentStartMs = startMs;
    this.offset = 0;
    this.capture.openSegment = `${String(this.segmentCount).padStart(6, '0')}.m4s`;
    this.file = await open(join(this.capture.dir, this.capture.openSegment), 'wx');
    return this.file;
  }

  private async closeSegment(): Promise<void> {
    const file = this.file;
    this.file = undefined;
    if (!file) return;
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}

/** A nearly full disk takes a part of the bytes without an error. */
async function writeAll(file: FileHandle, moof: Buffer, mdat: Buffer): Promise<void> {
  const { bytesWritten } = await file.writev([moof, mdat]);
  if (bytesWritten < moof.length + mdat.length) {
    await file.writeFile(Buffer.concat([moof, mdat]).subarray(bytesWritten));
  }
}
