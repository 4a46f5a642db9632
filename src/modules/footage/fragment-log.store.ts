import { randomBytes } from 'node:crypto';
import { mkdir, rm, rmdir, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AppLogger } from '../../common/logging.js';
import type { StreamId } from '../../schema/stream-id.js';
import { StreamMap } from '../../schema/stream-map.js';
import { parseInitSegment } from '../../mp4/init-segment.js';
import {
  findStreams,
  formatCaptureId,
  type LoggedCapture,
  type StoredCapture,
  streamDir,
  writeMeta,
} from './capture-files.store.js';
import { readCaptureIndex, type TornTail } from './capture-index.store.js';
import { withFragments } from './captured-fragments.store.js';
import { CaptureWriter, type ClockMemory, type NextCapture } from './capture-writer.store.js';
import { ClosedSegments } from './closed-segments.store.js';
import { anchorsFrom } from './domain/capture-clock.js';
import { everything, type SegmentChoice } from './domain/segment-choice.js';
import type { SegmentRule } from './domain/segment-rule.js';
import { describeSegment, type SealedSegment, SegmentTable } from './domain/segment-table.js';
import { listDir, syncDir, writeWhole } from './files.store.js';
import { isDiskError, type ScannedSegment } from './segment-scan.store.js';
import { SegmentNotes } from './segment-notes.store.js';
import { type LogLimits, SegmentWriter } from './segment-writer.store.js';

export type { CaptureFiles, CaptureMeta, LoggedCapture, StoredCapture } from './capture-files.store.js';
export { CaptureWriter, type WrittenFragment } from './capture-writer.store.js';
export type { LogLimits } from './segment-writer.store.js';

/**
 * The fragments of all captures on this node's disk, append-only:
 * `cameras/{key of the stream}/{captureId}/` holds `capture.json`, `init.mp4` and segment files `000000001.mp4` of whole fragments,
 * each beginning with a key frame. What a killed process leaves is read back from the files alone; what is torn is cut off.
 * Of a segment that is closed only its descriptor stays in memory: its fragments are read when somebody needs them.
 */
export class FragmentLog {
  /** The index of each stream, read from disk once. An array lives as long as this log: captures are added to it and taken out of it. */
  private readonly streams = new StreamMap<Promise<LoggedCapture[]>>();

  /** Who writes the files of a capture, or has written them in this process. */
  private readonly writers = new WeakMap<LoggedCapture, SegmentWriter>();

  private readonly closed = new ClosedSegments();

  /** Streams of which everything is kept. */
  private kept = new StreamMap<true>();

  /** By stream: what is known of its clocks outlives a capture. */
  private readonly clocks = new StreamMap<ClockMemory>();

  constructor(
    private readonly rootDir: string,
    private readonly limits: LogLimits,
    private readonly logger: AppLogger,
    /** Told of each torn tail that was cut off. */
    private readonly onTornTail: (bytes: number) => void = () => {},
  ) {}

  /**
   * @param nowMs wall clock
   * @param heardFromMs since when the camera may have been heard, on the clock of arrivals; null: since the first one
   */
  async openCapture(
    stream: StreamId,
    initBytes: Buffer,
    nowMs: number,
    heardFromMs: number | null = null,
  ): Promise<CaptureWriter> {
    const open = (next: NextCapture) => this.openFiles(stream, next);
    const memory = this.clocks.get(stream) ?? { paces: {} };
    this.clocks.set(stream, memory);
    const files = await open({ epochMs: nowMs, startedAtMs: nowMs, init: initBytes });
    return new CaptureWriter(files, open, memory, heardFromMs);
  }

  /** From now on exactly these have the longer segments of an archive. */
  keep(streams: readonly StreamId[]): void {
    this.kept = new StreamMap();
    for (const stream of streams) this.kept.set(stream, true);
  }

  /** Streams of which there are captures. */
  async findStreams(): Promise<StreamId[]> {
    return findStreams(this.rootDir);
  }

  /** The live index of a stream's captures, oldest first. Not to be changed by the caller. */
  listCaptures(stream: StreamId): Promise<readonly LoggedCapture[]> {
    return this.index(stream);
  }

  /**
   * The captures of a stream, oldest first, with the fragments of the chosen segments.
   * @param use is called with them at a moment at which the log holds nothing more of what was chosen; what it returns is the answer
   */
  async readCaptures(stream: StreamId, choose?: SegmentChoice): Promise<StoredCapture[]>;
  async readCaptures<T>(stream: StreamId, choose: SegmentChoice, use: (captures: StoredCapture[]) => T): Promise<T>;
  async readCaptures(
    stream: StreamId,
    choose = everything,
    use: (captures: StoredCapture[]) => unknown = (captures) => captures,
  ): Promise<unknown> {
    const { closed } = this;
    const onChanged = (capture: LoggedCapture, sealed: SealedSegment, scanned: ScannedSegment) =>
      this.noteChanged(capture, sealed, scanned);
    return withFragments(await this.index(stream), { choose, closed, onChanged }, use);
  }

  /** Deletes closed segments, what is noted of them, and the anchors that nothing needs any more. */
  async removeSegments(capture: LoggedCapture, segments: readonly string[]): Promise<void> {
    const { sealed, dir, openSegment } = capture;
    const newest = sealed.length > 0 ? sealed.at(sealed.length - 1) : null;
    sealed.remove(segments);
    for (const segment of segments) await rm(join(dir, segment), { force: true });
    await new SegmentNotes(dir).forget(segments, openSegment, sealed.names());
    const keptFromMs = sealed.length > 0 ? sealed.at(0).startMs : newest?.lastStartMs;
    if (keptFromMs !== undefined) await this.dropAnchors(capture, keptFromMs);
  }

  /** Deletes an ended capture, and the folder of its stream when it was the last one. */
  async removeCapture(capture: LoggedCapture): Promise<void> {
    const captures = await this.index(capture);
    const index = captures.indexOf(capture);
    if (index >= 0) captures.splice(index, 1);
    // What its writer still says of it would be in the way; whatever comes of that, it goes.
    await this.writers
      .get(capture)
      ?.settle()
      .catch(() => undefined);
    await rm(capture.dir, { recursive: true, force: true });
    if (captures.length > 0) return;
    await rmdir(this.streamDir(capture)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error; // a new capture has just begun
    });
  }

  streamDir(stream: StreamId): string {
    return streamDir(this.rootDir, stream);
  }

  private async openFiles(
    stream: StreamId,
    { init: initBytes, epochMs, anchors = [], startedAtMs }: NextCapture,
  ): Promise<SegmentWriter> {
    const captures = await this.index(stream);
    const captureId = formatCaptureId(Math.round(startedAtMs), randomBytes(4).toString('hex'));
    const dir = join(this.streamDir(stream), captureId);
    const init = parseInitSegment(initBytes);
    await this.makeDir(dir);
    await writeWhole(join(dir, 'init.mp4'), initBytes);
    const capture: LoggedCapture = {
      ...{ captureId, cameraId: stream.cameraId, stream: stream.stream },
      ...{ epochMs, anchors, endedAtMs: null, endCause: null },
      ...{ dir, init, configDigest: init.configDigest, sealed: new SegmentTable(), open: [], openSegment: '' },
    };
    await writeMeta(capture);
    captures.push(capture);
    const writer = new SegmentWriter(capture, this.limits, () => this.ruleOf(stream));
    this.writers.set(capture, writer);
    return writer;
  }

  private ruleOf(stream: StreamId): SegmentRule {
    const { segmentMs, kept } = this.limits;
    return (
      (this.kept.get(stream) && kept) || {
        segmentMs,
        minBytes: 0,
        maxMs: segmentMs,
        boundMs: Infinity,
        isSpread: false,
      }
    );
  }

  /** Makes a folder that a power loss does not take back: its name, and those of the folders made for it, are synced. */
  private async makeDir(dir: string): Promise<void> {
    const firstMade = await mkdir(dir, { recursive: true });
    for (let at = dir; firstMade !== undefined && at.length >= firstMade.length; at = dirname(at)) {
      await syncDir(dirname(at));
    }
  }

  private index(stream: StreamId): Promise<LoggedCapture[]> {
    const known = this.streams.get(stream);
    if (known) return known;
    const loading = this.loadCaptures(stream);
    this.streams.set(stream, loading);
    loading.catch(() => this.streams.delete(stream)); // the caller sees the error; the next one reads again
    return loading;
  }

  private async loadCaptures(stream: StreamId): Promise<LoggedCapture[]> {
    const captures: LoggedCapture[] = [];
    for (const name of (await listDir(this.streamDir(stream))).sort()) {
      const capture = await this.loadCapture(join(this.streamDir(stream), name));
      if (capture) captures.push(capture);
    }
    return captures;
  }

  /** A folder without an init segment holds no footage and goes; one that cannot be read stays for a person to look at. */
  private async loadCapture(dir: string): Promise<LoggedCapture | null> {
    try {
      const capture = await readCaptureIndex(dir, (tail) => this.cutOff(dir, tail));
      if (!capture) await rm(dir, { recursive: true, force: true });
      return capture;
    } catch (error) {
      if (isDiskError(error)) throw error;
      this.logger.warn('a capture on disk cannot be read: it is left alone', { dir, err: error });
      return null;
    }
  }

  private async cutOff(dir: string, { segment, wholeBytes, tornBytes }: TornTail): Promise<void> {
    await truncate(join(dir, segment), wholeBytes);
    this.onTornTail(tornBytes);
    this.logger.warn('a torn tail was cut off', { dir, segment, wholeBytes, tornBytes });
  }

  /** A segment was damaged after its descriptor was made: what cannot be read of it any more is no footage. Its bytes stay until it goes. */
  private noteChanged(
    { dir, sealed }: LoggedCapture,
    { segment, sizeBytes }: SealedSegment,
    scanned: ScannedSegment,
  ): void {
    const { fragments, wholeBytes } = scanned;
    const described = describeSegment(segment, fragments, wholeBytes);
    if (described) sealed.replace(described);
    else sealed.remove([segment]);
    this.onTornTail(Math.max(0, sizeBytes - wholeBytes));
    this.logger.warn('a segment is torn: it was damaged since it was written', { dir, segment, wholeBytes, sizeBytes });
  }

  /** @param keptFromMs media before it is gone, on the media clock of the capture */
  private async dropAnchors(capture: LoggedCapture, keptFromMs: number): Promise<void> {
    const { anchors = [] } = capture;
    const needed = anchorsFrom(keptFromMs, anchors);
    if (needed.length === anchors.length) return;
    capture.anchors = needed;
    const writer = this.writers.get(capture);
    if (writer) writer.saveMeta();
    else await writeMeta(capture);
  }
}
