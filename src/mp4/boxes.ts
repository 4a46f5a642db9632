/** One box inside a buffer that holds it whole. Source: ISO/IEC 14496-12, 4.2. */
export interface Box {
  /** Four-character code. */
  type: string;
  /** Offset of the box header in the buffer. */
  start: number;
  /** Offset of what follows the header. */
  bodyStart: number;
  /** Offset behind the box. */
  end: number;
}

export class Mp4Error extends Error {
  override readonly name = 'Mp4Error';
}

/** Whether something was read behind the end of a buffer. By name: what Node throws may be of another realm than this code. */
export function isOutOfRange(error: unknown): boolean {
  return (error as Error | undefined)?.name === 'RangeError';
}

/**
 * The boxes of `buffer` between two offsets.
 * @throws Mp4Error when a size points outside
 */
export function readBoxes(buffer: Buffer, from = 0, to = buffer.length): Box[] {
  const boxes: Box[] = [];
  let start = from;
  while (start < to) {
    const header = readBoxHeader(buffer, start, to);
    if (!header) throw new Mp4Error(`a box header is cut off at ${start}`);
    const end = header.sizeBytes === 0 ? to : start + header.sizeBytes;
    if (end > to) throw new Mp4Error(`box ${header.type} at ${start} is longer than what holds it`);
    boxes.push({ type: header.type, start, bodyStart: start + header.headerBytes, end });
    start = end;
  }
  return boxes;
}

export interface BoxHeader {
  type: string;
  headerBytes: number;
  /** Of the whole box; 0 means: up to the end. */
  sizeBytes: number;
}

/** The header at `start`, or null when it is not whole yet. */
export function readBoxHeader(buffer: Buffer, start: number, to = buffer.length): BoxHeader | null {
  if (to - start < 8) return null;
  const size32 = buffer.readUInt32BE(start);
  const type = buffer.toString('latin1', start + 4, start + 8);
  if (size32 !== 1) {
    if (size32 !== 0 && size32 < 8) throw new Mp4Error(`box ${type} has the impossible size ${size32}`);
    return { type, headerBytes: 8, sizeBytes: size32 };
  }
  if (to - start < 16) return null;
  const sizeBytes = Number(buffer.readBigUInt64BE(start + 8));
  if (sizeBytes < 16) throw new Mp4Error(`box ${type} has the impossible size ${sizeBytes}`);
  return { type, headerBytes: 16, sizeBytes };
}

/** The first box along a path of types, such as `['moov', 'trak', 'mdia']`, or null. */
export function findBox(buffer: Buffer, path: readonly string[], from = 0, to = buffer.length): Box | null {
  const [type, ...rest] = path;
  const box = readBoxes(buffer, from, to).find((candidate) => candidate.type === type);
  if (!box) return null;
  return rest.length === 0 ? box : findBox(buffer, rest, box.bodyStart, box.end);
}

export function findBoxes(buffer: Buffer, type: string, parent: Box): Box[] {
  return readBoxes(buffer, parent.bodyStart, parent.end).filter((box) => box.type === type);
}
