import { appendFile, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { parseSegmentName } from './domain/segment-name.js';
import type { SealedSegment } from './domain/segment-table.js';
import { orNull } from './files.store.js';

/** Segments whose notes are in one file: it goes with the last of them. They are looked up at once, which takes some milliseconds. */
const SEGMENTS_PER_FILE = 1_000;
const FIGURES = ['sizeBytes', 'startMs', 'leanMs', 'lastStartMs', 'lastDurationMs'] as const;

/** A line before its checksum: the segment, when it was changed last (milliseconds since the epoch), the figures of its descriptor. */
type Line = [segment: string, modifiedMs: number, ...figures: number[]];

/**
 * What a start needs to know of the sealed segments of a capture, so that it need not read them: `segments-{n}.jsonl` beside them, a line
 * for each. A note is written when its segment is on stable storage, and believed only while the file has the size and the time of its
 * last change that the note names. The segments are the truth: one without a note is read instead, so notes are not synced.
 */
export class SegmentNotes {
  constructor(private readonly dir: string) {}

  /**
   * Looks segments up.
   * @param segments in their order
   * @returns each with its descriptor, in the same order; null: it must be read
   */
  async *find(segments: readonly string[]): AsyncGenerator<[segment: string, sealed: SealedSegment | null]> {
    for (let from = 0, to = 0; from < segments.length; from = to) {
      const file = fileOf(segments[from]!);
      while (to < segments.length && fileOf(segments[to]!) === file) to += 1;
      const batch = segments.slice(from, to);
      const notes = await this.readFile(file);
      const found = await Promise.all(batch.map((segment) => this.check(segment, notes.get(segment))));
      for (const [index, segment] of batch.entries()) yield [segment, found[index]!];
    }
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

  private async readFile(file: string): Promise<Map<string, Line>> {
    const text = (await orNull(readFile(join(this.dir, file), 'utf8'))) ?? '';
    // The last line of a segment counts.
    return new Map(text.split('\n').flatMap((each) => (parseLine(each) ?? []).map((line) => [line[0], line] as const)));
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
  const text = JSON.stringify(line);
  return `${text} ${crc32(text)}`;
}

/** Null when the line was cut off by a crash, or is damaged: its segment is read instead. */
function parseLine(text: string): [Line] | null {
  const end = text.lastIndexOf(' ');
  const json = text.slice(0, Math.max(end, 0));
  return json !== '' && text.slice(end + 1) === String(crc32(json)) ? [JSON.parse(json) as Line] : null;
}
