import type { CaptureFiles, StoredFragment } from '../../footage/index.js';
import { buildSilentBox } from '../../../mp4/hybrid/object-layout.js';
import type { MovieTake } from '../../../mp4/hybrid/timeline.js';
import type { InitSegment } from '../../../mp4/init-segment.js';
import { SilenceFiller } from '../../../mp4/silence.js';

/** A fragment in the byte stream that goes up while it is recorded. */
export interface StreamEntry {
  capture: CaptureFiles;
  fragment: StoredFragment;
  /** Where its first byte stands in the stream. */
  streamOffset: number;
  /** The silent box right before it, for a pause of the sound that may turn out to be there; empty where the sound is not AAC. */
  silence: Buffer;
  /** Its `moof` as it lies in the log; null until it was read. */
  moof: Buffer | null;
}

/** A name of a fragment that is the same in every process. */
export function fragmentKey(capture: Pick<CaptureFiles, 'captureId'>, { segment, offset }: StoredFragment): string {
  return `${capture.captureId}/${segment}/${offset}`;
}

/**
 * The fragments of one recording in the order in which they came, as one stream of bytes. Nothing in it ever changes place: parts of it
 * are in the store already. What the recording turns out not to need in the end stays in it, unmentioned by the finished file.
 */
export class UploadStream {
  private readonly list: StreamEntry[] = [];
  private readonly byKey = new Map<string, StreamEntry>();
  private readonly silences = new Map<InitSegment, Buffer>();
  private endBytes = 0;

  get entries(): readonly StreamEntry[] {
    return this.list;
  }

  get sizeBytes(): number {
    return this.endBytes;
  }

  find(capture: Pick<CaptureFiles, 'captureId'>, fragment: StoredFragment): StreamEntry | undefined {
    return this.byKey.get(fragmentKey(capture, fragment));
  }

  /** Puts a fragment at the end, unless it is there already. */
  append(capture: CaptureFiles, fragment: StoredFragment, moof: Buffer | null = null): void {
    if (this.find(capture, fragment)) return;
    const silence = this.silenceOf(capture);
    const entry = { capture, fragment, streamOffset: this.endBytes + silence.length, silence, moof };
    this.list.push(entry);
    this.byKey.set(fragmentKey(capture, fragment), entry);
    this.endBytes = entry.streamOffset + fragment.sizeBytes;
  }

  /** What stands up to there is in the store, and of no use. */
  skipTo(bytes: number): void {
    this.endBytes = Math.max(this.endBytes, bytes);
  }

  /** Cuts the stream at `bytes`: what stands behind it, or reaches beyond it, is taken out. */
  cut(bytes: number): void {
    const kept = this.list.filter(({ streamOffset, fragment }) => streamOffset + fragment.sizeBytes <= bytes);
    for (const { capture, fragment } of this.list.splice(kept.length)) {
      this.byKey.delete(fragmentKey(capture, fragment));
    }
    this.endBytes = bytes;
  }

  /** What is in the stream from its beginning on and was read, by capture, as long as all of it is of one configuration. */
  takes(): MovieTake[] {
    const takes: (MovieTake & { fragments: StoredFragment[]; moofs: Buffer[] })[] = [];
    const [first] = this.list;
    for (const { capture, fragment, moof } of this.list) {
      if (!moof || capture.configDigest !== first!.capture.configDigest) break;
      let take = takes.at(-1);
      if (take?.capture.captureId !== capture.captureId) takes.push((take = { capture, fragments: [], moofs: [] }));
      take.fragments.push(fragment);
      take.moofs.push(moof);
    }
    return takes;
  }

  /** What has bytes in the half-open range, in order. */
  overlapping(from: number, to: number): StreamEntry[] {
    return this.list
      .slice(this.indexAt(from))
      .filter(({ streamOffset, silence }) => streamOffset - silence.length < to);
  }

  private silenceOf({ init }: CaptureFiles): Buffer {
    const known = this.silences.get(init);
    if (known) return known;
    const { frame } = new SilenceFiller(init);
    const silence = frame ? buildSilentBox(frame) : Buffer.alloc(0);
    this.silences.set(init, silence);
    return silence;
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
