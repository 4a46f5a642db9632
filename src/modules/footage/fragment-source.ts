import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { TornFootage } from './domain/torn-footage.js';

/** Reads segments of one capture, wherever they lie: the next read mostly lies behind the one before. */
export interface FragmentSource {
  /**
   * Fills `into` with the bytes of a segment from `offset` on.
   * @throws TornFootage when the segment ends before; what the disk or the store says when it is not there any more
   */
  read(segment: string, offset: number, into: Buffer): Promise<void>;
  /** Lets go what was opened; whoever reads again opens it again. */
  close(): Promise<void>;
}

/** Where the segments of a capture lie. */
export interface SegmentPlace {
  /** Their folder; empty: their bytes can be read nowhere. */
  dir: string;
  /** Reads them, where they are no files of a folder. */
  openSource?: () => FragmentSource;
}

export function openSource(place: SegmentPlace): FragmentSource {
  return place.openSource?.() ?? new FolderSource(place.dir);
}

/** The segments of a log; the file that was read last stays open. */
class FolderSource implements FragmentSource {
  private file: FileHandle | undefined;
  private segment = '';

  constructor(private readonly dir: string) {}

  async read(segment: string, offset: number, into: Buffer): Promise<void> {
    if (!this.file || segment !== this.segment) {
      await this.close();
      this.file = await open(join(this.dir, segment), 'r');
      this.segment = segment;
    }
    const { bytesRead } = await this.file.read(into, 0, into.length, offset);
    if (bytesRead < into.length) throw new TornFootage(segment);
  }

  async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.close();
  }
}
