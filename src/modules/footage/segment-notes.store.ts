import { appendFile, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { parseSegmentName } from './domain/segment-name.js';
import type { SealedSegment } from './domain/segment-table.js';
import { orNull } from './files.store.js';

/** Segments whose notes are in one file: it goes with the last of them. */
const SEGMENTS_PER_FILE = 1_000;
const FIGURES = ['sizeBytes', 'startMs', 'leanMs', 'lastStartMs', 'lastDurationMs'] as const;

/** A line: the segment, when it was changed last (milliseconds since the epoch), the figures of its descriptor, and their checksum. */
type Line = [segment: string, modifiedMs: number, ...figures: number[]];

/**
 * What a start needs to know of the sealed segments of a capture, so that it need not read them: `segments-{n}.jsonl` beside them, a line
 * for each. A note is written when its segment is on stable storage, and believed only while the file has the size and the time of its
 * last change that the note names. The segments are the truth: one without a note is read instead, so notes are not synced.
 */
export class SegmentNotes {
  constructor(private readonly dir: string) {}

  /** @returns for each name its descriptor, or null when the segment must be read */
  async find(segments: readonly string[]): Promise<(SealedSegment | null)[]> {
    const notes = new Map<string, Line>();
    for (const file of new Set(segments.map(fileOf))) {
      const text = (await orNull(readFile(join(this.dir, file), 'utf8'))) ?? '';
      // The last line of a segment counts.
      for (const line of text.split('\n').flatMap((each) => parseLine(each) ?? [])) notes.set(line[0], line);
    }
    return Promise.all(segments.map((segment) => this.check(segment, notes.get(segment))));
  }

  /** Does nothing for a segment that has more in it than its descriptor says. */
  async add(sealed: SealedSegment): Promise<void> {
    const { size, mtimeMs } = await stat(join(this.dir, sealed.segment));
    if (size !== sealed.sizeBytes) return;
    const line: Line = [sealed.segment, Math.floor(mtimeMs), ...FIGURES.map((name) => sealed[name])];
    // The line before it may have been cut off.
    await appendFile(join(this.dir, fileOf(sealed.segment)), `\n${formatLine(line)}\n`);
  }

  /**
   * Deletes the files of segments that have gone, where none of those that are `left` has its note in them.
   * @param open will have its own
   */
  async forget(gone: readonly string[], open: string | null, left: Iterable<string>): Promise<void> {
    const files = new Set(gone.map(fileOf));
    if (open) files.delete(fileOf(open));
    for (const segment of left) {
      if (files.size === 0) return;
      files.delete(fileOf(segment));
    }
    for (const file of files) await rm(join(this.dir, file), { force: true });
  }

  private async check(segment: string, line: Line | undefined): Promise<SealedSegment | null> {
    if (!line) return null;
    const [, modifiedMs, ...figures] = line;
    const [sizeBytes = 0, startMs = 0, leanMs = 0, lastStartMs = 0, lastDurationMs = 0] = figures;
    const file = await orNull(stat(join(this.dir, segment)));
    if (file?.size !== sizeBytes || Math.floor(file.mtimeMs) !== modifiedMs) return null;
    return { segment, sizeBytes, startMs, leanMs, lastStartMs, lastDurationMs };
  }
}

function fileOf(segment: string): string {
  return `segments-${Math.floor((parseSegmentName(segment) ?? 0) / SEGMENTS_PER_FILE)}.jsonl`;
}

function formatLine(line: Line): string {
  return JSON.stringify([...line, crc32(JSON.stringify(line))]);
}

/** Null when the line is not whole, or not as it was written. */
function parseLine(text: string): [Line] | null {
  try {
    const line = JSON.parse(text) as Line;
    const sum = line.pop();
    return line.length === FIGURES.length + 2 && sum === crc32(JSON.stringify(line)) ? [line] : null;
  } catch {
    return null; // cut off by a crash, or damaged: the segment is read instead
  }
}
