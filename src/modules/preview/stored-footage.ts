import { buffer } from 'node:stream/consumers';
import type { StreamIndex } from '../../schema/stream-index.js';
import type { ObjectStore } from '../storage/index.js';
import { readBoxHeader } from '../../mp4/boxes.js';
import { readFragmentExtent } from '../../mp4/fragment.js';
import { FragmentSplitter } from '../../mp4/fragment-splitter.js';
import { type InitSegment, parseInitSegment } from '../../mp4/init-segment.js';
import { buildStill, findFirstFrame, isolateKeyFrame } from '../../mp4/still.js';
import type { PlacedSegment } from './domain/preview-plan.js';

/** Holds the tables of a fragment and mostly its key frame, too. */
const FIRST_READ_BYTES = 128 << 10;
/** A picture larger than this is none. */
const MAX_FRAME_BYTES = 32 << 20;
/** Two pictures of a slow camera: the one that is wanted may begin in the next fragment. */
const MARGIN_MS = 200;

/** The footage of a stored object by its index, read by ranges as it is needed. */
export class StoredFootage {
  private readonly inits: InitSegment[];

  constructor(
    private readonly store: ObjectStore,
    private readonly key: string,
    stream: StreamIndex,
  ) {
    this.inits = stream.inits.map((init) => parseInitSegment(Buffer.from(init, 'base64')));
  }

  /** An init segment, then the fragments of a segment up to the one that is shown `untilMs` after its start. */
  async *readUntil({ init: index, pieces }: PlacedSegment, untilMs: number): AsyncGenerator<Buffer> {
    const init = this.inits[index]!;
    let startMs: number | null = null;
    yield init.bytes;
    for (const { offset, sizeBytes } of pieces) {
      const splitter = new FragmentSplitter();
      for await (const chunk of await this.store.openRead(this.key, { start: offset, end: offset + sizeBytes - 1 })) {
        for (const part of splitter.push(chunk as Buffer)) {
          if (part.kind === 'init') continue;
          const extent = readFragmentExtent(part.moof, init);
          startMs ??= extent.startMs;
          yield part.moof;
          yield part.mdat;
          if (extent.endMs - startMs >= untilMs + MARGIN_MS) return;
        }
      }
    }
  }

  /**
   * The key frames of segments, a second each, as fragmented MP4: all an object holds is described alike, so one init segment serves them.
   * @param onFrame told of each segment whose key frame is in it
   */
  async *readKeyFrames(
    segments: readonly PlacedSegment[],
    onFrame: (segment: PlacedSegment) => void,
  ): AsyncGenerator<Buffer> {
    const [first] = this.inits;
    if (!first) return;
    yield first.bytes;
    let count = 0;
    for (const segment of segments) {
      const frame = await this.readKeyFrame(segment);
      const alone = frame && isolateKeyFrame(frame, first.video);
      if (!alone) continue;
      yield buildStill(alone, count, first.video);
      onFrame(segment);
      count += 1;
    }
  }

  private async readKeyFrame({ init, pieces: [piece] }: PlacedSegment): Promise<Buffer | null> {
    if (!piece) return null;
    const head = await this.readAt(piece.offset, Math.min(FIRST_READ_BYTES, piece.sizeBytes));
    const moofBytes = readBoxHeader(head, 0)?.sizeBytes ?? 0;
    if (moofBytes > head.length) return null;
    const place = findFirstFrame(head.subarray(0, moofBytes), this.inits[init]!);
    if (!place || place.offset < 0 || place.sizeBytes > MAX_FRAME_BYTES) return null;
    const end = place.offset + place.sizeBytes;
    if (end > piece.sizeBytes) return null;
    if (end <= head.length) return head.subarray(place.offset, end);
    const from = Math.max(head.length, place.offset);
    const rest = await this.readAt(piece.offset + from, end - from);
    return Buffer.concat([head.subarray(place.offset), rest]);
  }

  private async readAt(offset: number, sizeBytes: number): Promise<Buffer> {
    return buffer(await this.store.openRead(this.key, { start: offset, end: offset + sizeBytes - 1 }));
  }
}
