import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { GapCause } from '../../schema/ledger.js';
import type { FragmentTiming } from '../../mp4/fragment.js';
import { type LoggedCapture, writeMeta } from './capture-files.store.js';
import { CaptureSync } from './capture-sync.store.js';
import { applyAnchors } from './domain/capture-clock.js';
import type { StoredFragment } from './domain/footage.js';
import { formatSegmentName } from './domain/segment-name.js';
import { describeSegment } from './domain/segment-table.js';
import { SegmentNotes } from './segment-notes.store.js';

export interface LogLimits {
  /** A segment is closed at the first key frame after this much footage. */
  segmentMs: number;
  /** A fragment is brought to stable storage this long after it was written, at most. */
  fsyncMs: number;
}

/** The files of one capture, growing. Calls must not overlap. */
export class SegmentWriter {
  private file: FileHandle | undefined;
  private segmentStartMs = 0;
  private segmentCount = 0;
  private offset = 0;
  /** As the `moof`s have them: of the first fragment in the open segment, and of the last one. */
  private outer: FragmentTiming[] = [];
  private readonly notes: SegmentNotes;
  private readonly sync: CaptureSync;

  constructor(
    readonly capture: LoggedCapture,
    private readonly limits: LogLimits,
  ) {
    this.notes = new SegmentNotes(capture.dir);
    this.sync = new CaptureSync(capture.dir, limits.fsyncMs, () => writeMeta(capture));
  }

  /** @throws also what the disk said to an earlier fragment, when that one was brought to stable storage */
  async append(moof: Buffer, mdat: Buffer, timing: FragmentTiming): Promise<StoredFragment> {
    this.sync.throwIfFailed();
    const { capture } = this;
    const full = timing.isSync && timing.startMs - this.segmentStartMs >= this.limits.segmentMs;
    const file = this.file && !full ? this.file : await this.nextSegment(timing.startMs);
    await writeAll(file, moof, mdat);
    this.sync.wrote(file);
    const fragment: StoredFragment = {
      ...applyAnchors(timing, capture.anchors ?? []),
      segment: capture.openSegment ?? '',
      offset: this.offset,
      moofBytes: moof.length,
      sizeBytes: moof.length + mdat.length,
    };
    this.offset += fragment.sizeBytes;
    this.outer = [this.outer[0] ?? timing, timing];
    capture.open.push(fragment);
    return fragment;
  }

  /** Brings `capture.json` up to date, in the background. */
  saveMeta(): void {
    this.sync.changedMeta();
  }

  /** Resolves when all that was written so far is on stable storage. */
  async settle(): Promise<void> {
    await this.sync.drain();
  }

  /** Whatever the disk says to it, the capture counts as ended: what is whole on disk is its footage. */
  async close(endedAtMs: number, endCause: GapCause | null): Promise<void> {
    this.endSegment();
    Object.assign(this.capture, { endedAtMs, endCause, openSegment: null });
    this.saveMeta();
    await this.sync.drain();
  }

  private async nextSegment(startMs: number): Promise<FileHandle> {
    this.endSegment();
    this.segmentCount += 1;
    this.segmentStartMs = startMs;
    this.offset = 0;
    this.capture.openSegment = formatSegmentName(this.segmentCount);
    this.file = await open(join(this.capture.dir, this.capture.openSegment), 'wx');
    this.sync.created();
    return this.file;
  }

  /** From now on only the descriptor of the segment is in memory. */
  private endSegment(): void {
    const { capture, file, outer, notes } = this;
    if (!file) return;
    const sealed = describeSegment(capture.openSegment ?? '', outer, this.offset);
    if (sealed) capture.sealed.push(sealed);
    capture.open = [];
    this.outer = [];
    this.file = undefined;
    this.sync.end(file, async () => (sealed ? notes.add(sealed) : undefined));
  }
}

/** A nearly full disk takes a part of the bytes without an error. */
async function writeAll(file: FileHandle, moof: Buffer, mdat: Buffer): Promise<void> {
  const { bytesWritten } = await file.writev([moof, mdat]);
  if (bytesWritten < moof.length + mdat.length) {
    await file.writeFile(Buffer.concat([moof, mdat]).subarray(bytesWritten));
  }
}
