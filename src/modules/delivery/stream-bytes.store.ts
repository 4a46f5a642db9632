import { type CaptureFiles, type FragmentSource, openSource, type StoredFragment } from '../footage/index.js';
import type { StreamEntry, UploadStream } from './domain/upload-stream.js';

/** Reads pieces of fragments, of one capture after another. */
export class FragmentFiles {
  private source: FragmentSource | undefined;
  private capture: CaptureFiles | undefined;

  /**
   * Fills `into` with the bytes of a fragment from `from` on, and with what stands behind it in its segment.
   * @throws TornFootage when the segment ends before; what the disk or the store says when it is not there any more
   */
  async read(capture: CaptureFiles, fragment: StoredFragment, from: number, into: Buffer): Promise<void> {
    if (!this.source || capture !== this.capture) {
      await this.close();
      this.source = openSource(capture);
      this.capture = capture;
    }
    await this.source.read(fragment.segment, fragment.offset + from, into);
  }

  async readMoof(capture: CaptureFiles, fragment: StoredFragment): Promise<Buffer> {
    const moof = Buffer.allocUnsafe(fragment.moofBytes);
    await this.read(capture, fragment, 0, moof);
    return moof;
  }

  async close(): Promise<void> {
    const { source } = this;
    this.source = undefined;
    await source?.close();
  }
}

/** The bytes [from, to) of a stream; what begins in them has its `moof` afterwards. */
export async function readStream(stream: UploadStream, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(to - from);
  const files = new FragmentFiles();
  try {
    for (const run of runsOf(stream.overlapping(from, to))) {
      const [{ capture, fragment, streamOffset }] = run;
      const start = Math.max(from, streamOffset);
      const end = Math.min(to, endOf(run.at(-1)!));
      if (start < end) {
        await files.read(capture, fragment, start - streamOffset, bytes.subarray(start - from, end - from));
      }
      for (const entry of run) {
        copySilence(entry.silence, entry.streamOffset - entry.silence.length, { bytes, from });
        if (entry.streamOffset < from || entry.streamOffset >= to) continue;
        entry.moof ??= await moofOf(entry, bytes.subarray(entry.streamOffset - from), files);
      }
    }
    return bytes;
  } finally {
    await files.close();
  }
}

type Run = [StreamEntry, ...StreamEntry[]];

/** Entries that lie as far from each other in their segment as in the stream are read at once: with a store, each read is a request. */
function runsOf(entries: readonly StreamEntry[]): Run[] {
  const runs: Run[] = [];
  for (const entry of entries) {
    const run = runs.at(-1);
    if (run && continues(run.at(-1)!, entry)) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}

function continues(before: StreamEntry, entry: StreamEntry): boolean {
  return (
    entry.capture === before.capture &&
    entry.fragment.segment === before.fragment.segment &&
    entry.fragment.offset - before.fragment.offset === entry.streamOffset - before.streamOffset
  );
}

function endOf({ streamOffset, fragment }: StreamEntry): number {
  return streamOffset + fragment.sizeBytes;
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
