import { join } from 'node:path';
import type { InitSegment } from '../../mp4/init-segment.js';
import type { StreamId } from '../../schema/stream-id.js';
import { type LoggedCapture, readCaptureFiles, type StoredCapture, streamDir } from './capture-files.store.js';
import { withFragments } from './captured-fragments.store.js';
import { ClosedSegments } from './closed-segments.store.js';
import { applyAnchors } from './domain/capture-clock.js';
import { everything, type SegmentChoice } from './domain/segment-choice.js';
import { sortSegments } from './domain/segment-name.js';
import { describeSegment, type SealedSegment, SegmentTable } from './domain/segment-table.js';
import { listDir } from './files.store.js';
import { SegmentNotes } from './segment-notes.store.js';
import { isDiskError, scanSegment } from './segment-scan.store.js';

/** Of all captures together, 56 MB. */
const MAX_SEGMENTS = 1_000_000;

/**
 * Reads the logs of other recorders. Only reads: that recorder may live and write on, so a tail that is not whole yet stays as it is, and a
 * folder that is half made or half deleted holds no footage.
 */
export class ForeignCaptures {
  private readonly closed = new ClosedSegments();
  /** By the folder of the capture. */
  private readonly tables = new Map<string, SegmentTable>();

  /**
   * The captures of a stream, oldest first, with the fragments of the chosen segments.
   * @param rootDir the record folder of the other recorder; one that is not there has no captures
   */
  async read(rootDir: string, stream: StreamId, choose: SegmentChoice = everything): Promise<StoredCapture[]> {
    const dir = streamDir(rootDir, stream);
    const captures: LoggedCapture[] = [];
    for (const name of (await listDir(dir)).sort()) {
      const capture = await this.readQuietly(join(dir, name));
      if (capture) captures.push(capture);
    }
    return withFragments(captures, { choose, closed: this.closed }, (found) => found);
  }

  /** A segment that is deleted between listing and opening it takes nothing else along: the folder is read again. */
  private async readQuietly(dir: string, tries = 3): Promise<LoggedCapture | null> {
    try {
      return await this.readIndex(dir);
    } catch (error) {
      if (!isDiskError(error)) return null;
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return tries > 1 ? this.readQuietly(dir, tries - 1) : null;
    }
  }

  private async readIndex(dir: string): Promise<LoggedCapture | null> {
    const files = await readCaptureFiles(dir);
    if (!files) return null;
    const { init, anchors = [] } = files;
    const segments = sortSegments(await listDir(dir));
    const last = segments.pop();
    const sealed = await this.describe(dir, segments, init);
    const { fragments } = last ? await scanSegment(dir, last, init) : { fragments: [] };
    const open = fragments.map((fragment) => applyAnchors(fragment, anchors));
    return { ...files, sealed, open, openSegment: null };
  }

  private async describe(dir: string, segments: readonly string[], init: InitSegment): Promise<SegmentTable> {
    const known = this.tables.get(dir) ?? new SegmentTable();
    const unknown = segments.filter((segment) => known.indexOf(segment) < 0);
    const found = new Map<string, SealedSegment | null>();
    for await (const [segment, noted] of new SegmentNotes(dir).find(unknown)) {
      found.set(segment, noted ?? (await this.scan(dir, segment, init)));
    }
    const table = SegmentTable.of(
      segments.flatMap((segment) => {
        const index = known.indexOf(segment);
        return (index < 0 ? found.get(segment) : known.at(index)) ?? [];
      }),
    );
    this.remember(dir, table);
    return table;
  }

  private async scan(dir: string, segment: string, init: InitSegment): Promise<SealedSegment | null> {
    const { fragments, wholeBytes } = await this.closed.scan(dir, segment, init);
    return describeSegment(segment, fragments, wholeBytes);
  }

  private remember(dir: string, table: SegmentTable): void {
    const others = [...this.tables.values()].reduce((sum, { length }) => sum + length, 0);
    if (others + table.length > MAX_SEGMENTS) this.tables.clear();
    this.tables.set(dir, table);
  }
}
