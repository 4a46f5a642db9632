import type { StoredCapture } from '../log/fragment-log.store.js';
import type { StoredFragment } from './footage.js';

/** A fragment in the byte stream that goes up while it is recorded. */
export interface StreamEntry {
  capture: StoredCapture;
  fragment: StoredFragment;
  /** Where its first byte stands in the stream. */
  streamOffset: number;
  /** Its `moof` as it lies in the log; null until it was read. */
  moof: Buffer | null;
}

/** A name of a fragment that is the same in every process. */
export function fragmentKey(capture: Pick<StoredCapture, 'captureId'>, { segment, offset }: StoredFragment): string {
  return `${capture.captureId}/${segment}/${offset}`;
}

/**
 * The fragments of one recording in the order in which they came, as one stream of bytes. Nothing in it ever changes place: parts of it
 * are in the store already. What the recording turns out not to need in the end stays in it, unmentioned by the finished file.
 */
export class UploadStream {
  private readonly list: StreamEntry[] = [];
  private readonly byKey = new Map<string, StreamEntry>();
  private endBytes = 0;

  get entries(): readonly StreamEntry[] {
    return this.list;
  }

  get sizeBytes(): number {
    return this.endBytes;
  }

  find(capture: Pick<StoredCapture, 'captureId'>, fragment: StoredFragment): StreamEntry | undefined {
    return this.byKey.get(fragmentKey(capture, fragment));
  }

  /** Puts a fragment at the end, unless it is there already. */
  append(capture: StoredCapture, fragment: StoredFragment, moof: Buffer | null = null): void {
    if (this.find(capture, fragment)) return;
    const entry = { capture, fragment, streamOffset: this.endBytes, moof };
    this.list.push(entry);
    this.byKey.set(fragmentKey(capture, fragment), entry);
    this.endBytes += fragment.sizeBytes;
  }

  /** Cuts the stream at `bytes`: what stands behind it, or reaches beyond it, is taken out. */
  cut(bytes: number): void {
    const kept = this.list.filter(({ streamOffset, fragment }) => streamOffset + fragment.sizeBytes <= bytes);
    for (const { capture, fragment } of this.list.splice(kept.length)) {
      this.byKey.delete(fragmentKey(capture, fragment));
    }
    this.endBytes = bytes;
  }

  /** What has bytes in the half-open range, in order. */
  overlapping(from: number, to: number): StreamEntry[] {
    return this.list.slice(this.indexAt(from)).filter(({ streamOffset }) => streamOffset < to);
  }

  /** The first entry that ends behind `bytes`. */
  private indexAt(bytes: number): number {
    let [low, high] = [0, this.list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { streamOffset, fragment } = this.list[middle]!;
      if (streamOffset + fragment.sizeBytes > bytes) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
