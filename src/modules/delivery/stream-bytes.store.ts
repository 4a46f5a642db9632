import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type CaptureFiles, type StoredFragment, TornFootage } from '../footage/index.js';
import type { StreamEntry, UploadStream } from './domain/upload-stream.js';

/** Reads pieces of fragments; the file that was read last stays open, since the next piece mostly lies behind it. */
export class FragmentFiles {
  private file: FileHandle | undefined;
  private path = '';

  /**
   * Fills `into` with the bytes of a fragment from `from` on.
   * @throws TornFootage when the file ends before; what the disk says when it is not there any more
   */
  async read({ dir }: CaptureFiles, fragment: StoredFragment, from: number, into: Buffer): Promise<void> {
    const path = join(dir, fragment.segment);
    if (path !== this.path) {
      await this.close();
      this.file = await open(path, 'r');
      this.path = path;
    }
    const { bytesRead } = await this.file!.read(into, 0, into.length, fragment.offset + from);
    if (bytesRead < into.length) throw new TornFootage(fragment.segment);
  }

  async readMoof(capture: CaptureFiles, fragment: StoredFragment): Promise<Buffer> {
    const moof = Buffer.allocUnsafe(fragment.moofBytes);
    await this.read(capture, fragment, 0, moof);
    return moof;
  }

  async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    this.path = '';
    await file?.close();
  }
}

/** The bytes [from, to) of a stream; what begins in them has its `moof` afterwards. */
export async function readStream(stream: UploadStream, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(to - from);
  const files = new FragmentFiles();
  try {
    for (const entry of stream.overlapping(from, to)) {
      const { capture, fragment, streamOffset, silence } = entry;
      copySilence(silence, streamOffset - silence.length, { bytes, from });
      const start = Math.max(from, streamOffset);
      const end = Math.min(to, streamOffset + fragment.sizeBytes);
      if (end <= start) continue;
      await files.read(capture, fragment, start - streamOffset, bytes.subarray(start - from, end - from));
      if (start === streamOffset) entry.moof ??= await moofOf(entry, bytes.subarray(start - from, end - from), files);
    }
    return bytes;
  } finally {
    await files.close();
  }
}

function copySilence(silence: Buffer, at: number, { bytes, from }: { bytes: Buffer; from: number }): void {
  const skipped = Math.max(0, from - at);
  if (skipped < silence.length) silence.copy(bytes, at + skipped - from, skipped);
}

/** A copy: a part must not be kept in memory for the sake of its tables. */
async function moofOf({ capture, fragment }: StreamEntry, head: Buffer, files: FragmentFiles): Promise<Buffer> {
  if (head.length < fragment.moofBytes) return files.readMoof(capture, fragment);
  return Buffer.from(head.subarray(0, fragment.moofBytes));
}
