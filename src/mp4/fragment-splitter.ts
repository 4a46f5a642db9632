import { type BoxHeader, Mp4Error, readBoxHeader } from './boxes.js';

/** What comes out of the pipe: one init segment (`ftyp` + `moov`), then fragments (`moof` + `mdat`). */
export type Mp4Part = { kind: 'init'; bytes: Buffer } | { kind: 'fragment'; moof: Buffer; mdat: Buffer };

/** A second of video is far below this; a larger box means that the stream is not what we think. */
const MAX_BOX_BYTES = 256 * 1024 * 1024;

/**
 * Cuts FFmpeg's fragmented MP4 into its parts. Chunks may be split anywhere; a fragment counts when its `mdat` is whole.
 * Media bytes are copied once, when a box is complete.
 */
export class FragmentSplitter {
  private chunks: Buffer[] = [];
  private pendingBytes = 0;
  private header: BoxHeader | null = null;
  private ftyp: Buffer | null = null;
  private moof: Buffer | null = null;

  /** Bytes that have come in and are not part of a whole box yet. */
  get tailBytes(): number {
    return this.pendingBytes + (this.moof?.length ?? 0);
  }

  /** @throws Mp4Error when the bytes are no fragmented MP4 */
  push(chunk: Buffer): Mp4Part[] {
    this.chunks.push(chunk);
    this.pendingBytes += chunk.length;
    const parts: Mp4Part[] = [];
    for (let box = this.takeBox(); box; box = this.takeBox()) {
      const part = this.accept(box);
      if (part) parts.push(part);
    }
    return parts;
  }

  private takeBox(): { type: string; bytes: Buffer } | null {
    this.header ??= this.peekHeader();
    if (!this.header || this.pendingBytes < this.header.sizeBytes) return null;
    const { type, sizeBytes } = this.header;
    this.header = null;
    return { type, bytes: this.take(sizeBytes) };
  }

  private peekHeader(): BoxHeader | null {
    if (this.pendingBytes < 8) return null;
    if (this.chunks[0]!.length < 16 && this.chunks.length > 1) this.chunks = [Buffer.concat(this.chunks)];
    const header = readBoxHeader(this.chunks[0]!, 0);
    if (header && (header.sizeBytes === 0 || header.sizeBytes > MAX_BOX_BYTES)) {
      throw new Mp4Error(`box ${header.type} of ${header.sizeBytes} bytes cannot be part of a live stream`);
    }
    return header;
  }

  private take(sizeBytes: number): Buffer {
    const joined = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    const rest = joined.subarray(sizeBytes);
    this.chunks = rest.length > 0 ? [rest] : [];
    this.pendingBytes = rest.length;
    return joined.subarray(0, sizeBytes);
  }

  private accept({ type, bytes }: { type: string; bytes: Buffer }): Mp4Part | null {
    switch (type) {
      case 'ftyp':
        this.ftyp = bytes;
        return null;
      case 'moov':
        if (!this.ftyp) throw new Mp4Error('moov before ftyp');
        return { kind: 'init', bytes: Buffer.concat([this.ftyp, bytes]) };
      case 'moof':
        this.moof = bytes;
        return null;
      case 'mdat': {
        if (!this.moof) throw new Mp4Error('mdat without moof');
        const moof = this.moof;
        this.moof = null;
        return { kind: 'fragment', moof, mdat: bytes };
      }
      default:
        return null; // styp, sidx, mfra and the like carry no media
    }
  }
}
