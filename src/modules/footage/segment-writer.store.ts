import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { GapCause } from '../../schema/ledger.js';
import type { FragmentTiming } from '../../mp4/fragment.js';
import { type LoggedCapture, writeMeta } from './capture-files.store.js';
import { CaptureSync } from './capture-sync.store.js';
import { anchorsFrom, applyAnchors } from './domain/capture-clock.js';
import type { StoredFragment } from './domain/footage.js';
import { buildSegmentHead, buildSegmentTail, type IndexedMoof, silenceBefore } from './domain/segment-file.js';
import { formatSegmentName } from './domain/segment-name.js';
import { firstRule, isFull, type SegmentRule } from './domain/segment-rule.js';
import { describeSegment } from './domain/segment-table.js';
import { SegmentNotes } from './segment-notes.store.js';

export interface LogLimits {
  /** A segment is closed at the first key frame after this much footage. */
  segmentMs: number;
  /** A fragment is brought to stable storage this long after it was written, at most. */
  fsyncMs: number;
  /** Of streams of which everything is kept. */
  kept?: SegmentRule;
}

/** The files of one capture, growing. Calls must not overlap. */
export class SegmentWriter {
  private file: FileHandle | undefined;
  private segmentStartMs = 0;
  private segmentCount = 0;
  private offset = 0;
  /** What is in the open segment, as the `moof`s have it. */
  private entries: IndexedMoof[] = [];
  /** The disk has refused something: what lies behind the last whole fragment is not known. */
  private isTorn = false;
  private readonly silence: Buffer;
  private readonly notes: SegmentNotes;
  private readonly sync: CaptureSync;

  constructor(
    readonly capture: LoggedCapture,
    limits: LogLimits,
    /** Asked at each fragment: it may change while the capture runs. */
    private readonly rule: () => SegmentRule,
  ) {
    this.silence = silenceBefore(capture.init);
    this.notes = new SegmentNotes(capture.dir);
    this.sync = new CaptureSync(capture.dir, limits.fsyncMs, () => writeMeta(capture));
  }

  /** @throws also what the disk said to an earlier fragment, when that one was brought to stable storage */
  async append(moof: Buffer, mdat: Buffer, timing: FragmentTiming): Promise<StoredFragment> {
    this.sync.throwIfFailed();
    const { capture, silence } = this;
    const file = this.file && !this.isFullBefore(timing) ? this.file : await this.nextSegment(timing.startMs);
    await this.write(file, [silence, moof, mdat]);
    const place = {
      offset: this.offset + silence.length,
      moofBytes: moof.length,
      sizeBytes: moof.length + mdat.length,
    };
    this.offset = place.offset + place.sizeBytes;
    // A copy: what came through the pipe is part of a larger piece of memory.
    this.entries.push({ fragment: { ...timing, ...place }, moof: Buffer.from(moof) });
    const fragment = { ...applyAnchors(timing, capture.anchors ?? []), segment: capture.openSegment ?? '', ...place };
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
    await this.endSegment();
    Object.assign(this.capture, { endedAtMs, endCause, openSegment: null });
    this.saveMeta();
    await this.sync.drain();
  }

  private isFullBefore(timing: FragmentTiming): boolean {
    const rule = this.segmentCount === 1 ? firstRule(this.rule(), this.capture.cameraId) : this.rule();
    return isFull(rule, { lengthMs: timing.startMs - this.segmentStartMs, sizeBytes: this.offset }, timing);
  }

  private async nextSegment(startMs: number): Promise<FileHandle> {
    await this.endSegment();
    const { capture } = this;
    this.segmentCount += 1;
    this.segmentStartMs = startMs;
    capture.openSegment = formatSegmentName(this.segmentCount);
    const file = await open(join(capture.dir, capture.openSegment), 'wx');
    this.file = file;
    this.isTorn = false;
    this.sync.created();
    const head = buildSegmentHead(capture.init, this.owner);
    await this.write(file, [head]);
    this.offset = head.length;
    return file;
  }

  /** From now on only the descriptor of the segment is in memory. */
  private async endSegment(): Promise<void> {
    const { capture, file, entries, notes } = this;
    if (!file) return;
    this.file = undefined;
    await this.writeTail(file);
    const timings = entries.map(({ fragment }) => fragment);
    const sealed = describeSegment(capture.openSegment ?? '', timings, this.offset);
    if (sealed) capture.sealed.push(sealed);
    capture.open = [];
    this.entries = [];
    this.sync.end(file, async () => (sealed ? notes.add(sealed) : undefined));
  }

  /** A segment may stay without one: whoever needs it makes it from the fragments. */
  private async writeTail(file: FileHandle): Promise<void> {
    const { entries, isTorn, owner } = this;
    const [first] = entries;
    if (!first || isTorn) return;
    const { epochMs, anchors = [] } = this.capture;
    const clock = { epochMs, anchors: anchorsFrom(first.fragment.startMs, anchors) };
    const tail = buildSegmentTail({ owner, clock, entries });
    const written = await this.write(file, [tail]).then(
      () => true,
      () => false,
    );
    if (written) this.offset += tail.length;
  }

  private async write(file: FileHandle, pieces: readonly Buffer[]): Promise<void> {
    try {
      await writeAll(file, pieces);
      this.sync.wrote(file);
    } catch (error) {
      this.isTorn = true;
      throw error;
    }
  }

  private get owner() {
    const { cameraId, stream, captureId } = this.capture;
    return { cameraId, stream, captureId, number: this.segmentCount };
  }
}

/** A nearly full disk takes a part of the bytes without an error. */
async function writeAll(file: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  const { bytesWritten } = await file.writev(pieces);
  const sizeBytes = pieces.reduce((sum, { length }) => sum + length, 0);
  if (bytesWritten < sizeBytes) await file.writeFile(Buffer.concat(pieces).subarray(bytesWritten));
}
