import { buildBox, uint32, uint64 } from '../box-writer.js';
import { FILE_TYPE, type Movie } from './movie.js';
import type { Places } from './table-boxes.js';

export interface LayoutFragment {
  sizeBytes: number;
  /** Where it begins in the stream that goes up while recording; null: not in it. */
  streamOffset: number | null;
  /** In the stream, the box that `buildSilentBox` makes stands right before it. */
  silentBefore?: boolean;
}

/** Bytes at hand, bytes of a fragment, or what the store has already. */
export type ObjectPiece =
  | { kind: 'bytes'; bytes: Buffer }
  | { kind: 'fragment'; index: number; from: number; to: number }
  | { kind: 'sent'; sizeBytes: number };

export interface ObjectPlan {
  sizeBytes: number;
  /** Of each fragment, in the object. */
  offsets: number[];
  /** In order, covering the object without a hole. */
  pieces: ObjectPiece[];
  /** The `moov` is in front of the media. */
  faststart: boolean;
  /** `ftyp` and `moov`. */
  headBytes: number;
}

/** Parts 2, 3 … that the store has. */
export interface SentParts {
  partSizeBytes: number;
  /** Of all of them: a multiple of the size of one. */
  bytes: number;
}

const MDAT_HEADER_BYTES = 16;
const MIN_BOX_BYTES = 8;
const MAX_32_BITS = 0xffff_ffff;

/**
 * Says how the object of a recording is put together: out of `movie`, whose fragments these are, one by one.
 *
 * With parts sent already, the pieces before the one of kind `sent` are exactly part 1, and those behind it what still follows: less than a
 * part, or more when the upload had fallen behind, to be cut into parts from there on. Bytes of a fragment may be wanted twice. Otherwise
 * everything follows in order.
 */
export function planObject(movie: Movie, fragments: readonly LayoutFragment[], sent: SentParts | null): ObjectPlan {
  if (movie.fragmentCount !== fragments.length) throw new RangeError('the movie has other fragments than the layout');
  const arrange = (large: boolean) =>
    sent && sent.bytes > 0 ? arrangeAroundSent(movie, fragments, sent, large) : arrangeInOrder(movie, fragments, large);
  const small = arrange(false);
  return small.sizeBytes <= MAX_32_BITS ? finishPlan(movie, small) : finishPlan(movie, arrange(true));
}

/** Where everything lies, before the `moov` is built that refers to it. */
interface Arrangement {
  places: Places;
  sizeBytes: number;
  offsets: number[];
  faststart: boolean;
  headBytes: number;
  /** Of `free`, between head and media. */
  freeBytes: number;
  mdatBytes: number;
  /** Behind the header of the `mdat`, in order. */
  media: ObjectPiece[];
}

/**
 * A silent frame in a box that players of fragments skip. Chromium leaves out sound that lies before the sound it has just played
 * (`FFmpegDemuxerStream::EnqueuePacket`), so the silence of a pause must lie between the sound before and behind it.
 */
export function buildSilentBox(frame: Buffer): Buffer {
  return buildBox('free', frame);
}

/** Pieces one behind the other, and where they come to lie. */
class Layout {
  readonly media: ObjectPiece[] = [];
  readonly offsets: number[] = [];
  readonly silences = new Map<number, number>();
  private readonly echoes = new Map<string, number>();

  constructor(
    private readonly movie: Movie,
    public at: number,
  ) {}

  addBytes(bytes: Buffer): void {
    if (bytes.length > 0) this.media.push({ kind: 'bytes', bytes });
    this.at += bytes.length;
  }

  addSent(sizeBytes: number): void {
    this.media.push({ kind: 'sent', sizeBytes });
    this.at += sizeBytes;
  }

  addFragment(piece: FragmentPiece): void {
    this.offsets[piece.index] = this.at - piece.from;
    this.addPiece(piece);
  }

  addSilenceBefore(fragment: number): void {
    if (!this.movie.pausesBefore(fragment)) return;
    this.addBytes(buildSilentBox(this.movie.silence));
    this.silences.set(fragment, this.at - this.movie.silence.length);
  }

  /** The sound of fragments that lie before it in the object, but behind it in time. */
  addSoundOf(pieces: readonly FragmentPiece[]): void {
    const runs = this.movie.findSound(pieces.map(({ index }) => index));
    for (const [index, { fragment, from, to }] of runs.entries()) {
      if (runs[index - 1]?.fragment !== fragment) this.addSilenceBefore(fragment);
      this.echoes.set(`${fragment} ${from}`, this.at);
      this.addPiece({ kind: 'fragment', index: fragment, from, to });
    }
  }

  places(large: boolean, silenceAt: number): Places {
    return {
      sampleAt: (fragment, offset, kind) =>
        (kind === 'audio' ? this.echoes.get(`${fragment} ${offset}`) : undefined) ?? this.offsets[fragment]! + offset,
      silenceAt: (fragment) => this.silences.get(fragment) ?? silenceAt,
      large,
    };
  }

  private addPiece(piece: FragmentPiece): void {
    this.media.push(piece);
    this.at += piece.to - piece.from;
  }
}

function arrangeInOrder(movie: Movie, fragments: readonly LayoutFragment[], large: boolean): Arrangement {
  const headBytes = movie.headBytes(large);
  const layout = new Layout(movie, headBytes + MDAT_HEADER_BYTES);
  for (const [index, fragment] of fragments.entries()) {
    layout.addSilenceBefore(index);
    layout.addFragment(wholeFragment(index, fragment));
  }
  const { at, offsets, media } = layout;
  return {
    ...{ offsets, media, headBytes, sizeBytes: at, mdatBytes: at - headBytes, faststart: true, freeBytes: 0 },
    places: layout.places(large, 0),
  };
}

function arrangeAroundSent(
  movie: Movie,
  fragments: readonly LayoutFragment[],
  { partSizeBytes, bytes: sentBytes }: SentParts,
  large: boolean,
): Arrangement {
  if (sentBytes % partSizeBytes !== 0) throw new RangeError('only whole parts can have been sent');
  const headBytes = movie.headBytes(large);
  const mdatStartBytes = MDAT_HEADER_BYTES + movie.silence.length;
  const faststart = headBytes + mdatStartBytes <= partSizeBytes;
  const frontBytes = faststart ? headBytes : FILE_TYPE.length;
  const roomBytes = partSizeBytes - frontBytes - mdatStartBytes;
  const { tail, rest } = divideUnsent(fragments, sentBytes, roomBytes);
  const spareBytes = roomBytes - sizeOf(tail);
  const freeBytes = spareBytes < MIN_BOX_BYTES ? 0 : spareBytes;

  const silenceAt = frontBytes + freeBytes + MDAT_HEADER_BYTES;
  const layout = new Layout(movie, silenceAt);
  layout.addBytes(movie.silence);
  layout.addBytes(Buffer.alloc(spareBytes - freeBytes));
  for (const [index, { streamOffset, silentBefore }] of fragments.entries()) {
    if (streamOffset === null || streamOffset >= sentBytes) continue;
    layout.offsets[index] = partSizeBytes + streamOffset;
    if (silentBefore) layout.silences.set(index, partSizeBytes + streamOffset - movie.silence.length);
  }
  for (const piece of tail) layout.addFragment(piece);
  layout.addSent(sentBytes);
  for (const piece of rest) {
    if (piece.from === 0) layout.addSilenceBefore(piece.index);
    layout.addFragment(piece);
  }
  layout.addSoundOf(tail);
  const { at, offsets, media } = layout;
  return {
    ...{ offsets, media, headBytes, faststart, freeBytes, mdatBytes: at - frontBytes - freeBytes },
    sizeBytes: faststart ? at : at + headBytes - FILE_TYPE.length,
    places: layout.places(large, silenceAt),
  };
}

type FragmentPiece = Extract<ObjectPiece, { kind: 'fragment' }>;

/**
 * What the store does not have: the last fragments, as many as fit, come into part 1, the others into the last part. A fragment that is
 * there in part is completed in the last part, or, when that would hold nothing else, sent again in part 1.
 */
function divideUnsent(
  fragments: readonly LayoutFragment[],
  sentBytes: number,
  roomBytes: number,
): { tail: FragmentPiece[]; rest: FragmentPiece[] } {
  const unsent: FragmentPiece[] = [];
  let torn: FragmentPiece | null = null;
  for (const [index, fragment] of fragments.entries()) {
    const piece = wholeFragment(index, fragment);
    const { streamOffset, sizeBytes } = fragment;
    if (streamOffset === null || streamOffset >= sentBytes) unsent.push(piece);
    else if (streamOffset + sizeBytes > sentBytes) torn = piece;
  }
  const all = torn ? [...unsent, torn].sort((a, b) => a.index - b.index) : unsent;
  if (sizeOf(all) <= roomBytes) return { tail: all, rest: [] };
  const tail: FragmentPiece[] = [];
  while (unsent.length > 0 && sizeOf(tail) + sizeOf(unsent.slice(-1)) <= roomBytes) tail.unshift(unsent.pop()!);
  if (!torn) return { tail, rest: unsent };
  return { tail, rest: [{ ...torn, from: sentBytes - fragments[torn.index]!.streamOffset! }, ...unsent] };
}

function wholeFragment(index: number, { sizeBytes }: LayoutFragment): FragmentPiece {
  return { kind: 'fragment', index, from: 0, to: sizeBytes };
}

function sizeOf(pieces: readonly FragmentPiece[]): number {
  return pieces.reduce((sum, { from, to }) => sum + to - from, 0);
}

function finishPlan(movie: Movie, arrangement: Arrangement): ObjectPlan {
  const { places, sizeBytes, offsets, faststart, headBytes, freeBytes, mdatBytes, media } = arrangement;
  const { ftyp, moov } = movie.build(places);
  const free = freeBytes === 0 ? [] : [buildBox('free', Buffer.alloc(freeBytes - MIN_BOX_BYTES))];
  const head = Buffer.concat([ftyp, ...(faststart ? [moov] : []), ...free, buildMdatHeader(mdatBytes)]);
  const behind: ObjectPiece[] = faststart ? [] : [{ kind: 'bytes', bytes: moov }];
  const pieces: ObjectPiece[] = [{ kind: 'bytes', bytes: head }, ...media, ...behind];
  return { sizeBytes, offsets, pieces, faststart, headBytes };
}

/** With a size of 64 bits, whatever the size (14496-12, 4.2): the header is the same for every file. */
function buildMdatHeader(mdatBytes: number): Buffer {
  return Buffer.concat([uint32(1), Buffer.from('mdat'), uint64(mdatBytes)]);
}
