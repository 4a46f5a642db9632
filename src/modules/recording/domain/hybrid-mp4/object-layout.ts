import { buildBox, uint32, uint64 } from '../mp4/box-writer.js';
import { FILE_TYPE, type Movie } from './movie.js';

export interface LayoutFragment {
  sizeBytes: number;
  /** Where it begins in the stream that goes up while recording; null: not in it. */
  streamOffset: number | null;
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
 * part, or more when the upload had fallen behind, to be cut into parts from there on. Otherwise everything follows in order.
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
  large: boolean;
  sizeBytes: number;
  offsets: number[];
  faststart: boolean;
  headBytes: number;
  /** Of `free`, between head and media. */
  freeBytes: number;
  /** Padding inside the `mdat`, when it is too short for a box. */
  fillBytes: number;
  mdatBytes: number;
  /** Behind the head, in order. */
  media: ObjectPiece[];
}

function arrangeInOrder(movie: Movie, fragments: readonly LayoutFragment[], large: boolean): Arrangement {
  const headBytes = movie.headBytes(large);
  let at = headBytes + MDAT_HEADER_BYTES + movie.silence.length;
  const offsets = fragments.map(({ sizeBytes }) => (at += sizeBytes) - sizeBytes);
  return {
    ...{ large, offsets, headBytes, sizeBytes: at, mdatBytes: at - headBytes },
    ...{ faststart: true, freeBytes: 0, fillBytes: 0 },
    media: fragments.map((fragment, index) => wholeFragment(index, fragment)),
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

  const offsets = fragments.map(({ streamOffset }) => partSizeBytes + (streamOffset ?? 0));
  let at = partSizeBytes - sizeOf(tail);
  for (const piece of tail) {
    offsets[piece.index] = at;
    at += piece.to - piece.from;
  }
  at += sentBytes;
  for (const piece of rest) {
    offsets[piece.index] = at - piece.from;
    at += piece.to - piece.from;
  }
  return {
    ...{ large, offsets, headBytes, faststart, freeBytes, fillBytes: spareBytes - freeBytes },
    sizeBytes: faststart ? at : at + headBytes - FILE_TYPE.length,
    mdatBytes: at - frontBytes - freeBytes,
    media: [...tail, { kind: 'sent', sizeBytes: sentBytes }, ...rest],
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
  const { large, sizeBytes, offsets, faststart, headBytes, freeBytes, fillBytes, mdatBytes, media } = arrangement;
  const mdatAt = (faststart ? headBytes : FILE_TYPE.length) + freeBytes;
  const silenceAt = mdatAt + MDAT_HEADER_BYTES;
  const { ftyp, moov } = movie.build({ fragmentAt: (index) => offsets[index]!, silenceAt, large });
  const free = freeBytes === 0 ? [] : [buildBox('free', Buffer.alloc(freeBytes - MIN_BOX_BYTES))];
  const mdatStart = [buildMdatHeader(mdatBytes), movie.silence, Buffer.alloc(fillBytes)];
  const head = Buffer.concat([ftyp, ...(faststart ? [moov] : []), ...free, ...mdatStart]);
  const behind: ObjectPiece[] = faststart ? [] : [{ kind: 'bytes', bytes: moov }];
  const pieces: ObjectPiece[] = [{ kind: 'bytes', bytes: head }, ...media, ...behind];
  return { sizeBytes, offsets, pieces, faststart, headBytes };
}

/** With a size of 64 bits, whatever the size (14496-12, 4.2): the header is the same for every file. */
function buildMdatHeader(mdatBytes: number): Buffer {
  return Buffer.concat([uint32(1), Buffer.from('mdat'), uint64(mdatBytes)]);
}
