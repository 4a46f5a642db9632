/** A group of pictures in a segment: from a key frame up to the next one, with the silent frames before its fragments. */
export interface GopEntry {
  sizeBytes: number;
  /** Whole milliseconds of the wall clock. */
  durationMs: number;
}

/** A group where it lies. */
export interface PlacedGop extends GopEntry {
  /** From the beginning of the segment. */
  offset: number;
  /** From the first picture of the segment. */
  startMs: number;
}

/** Two unsigned LEB128 numbers for each group: some three bytes a second of footage. */
export function encodeGops(gops: readonly GopEntry[]): Buffer {
  const bytes: number[] = [];
  for (const { sizeBytes, durationMs } of gops) pushNumbers(bytes, [sizeBytes, durationMs]);
  return Buffer.from(bytes);
}

/**
 * The groups of a segment, each where it lies.
 * @param headBytes where the first one begins: behind the init segment and the box that says whose it is
 * @throws RangeError when the bytes are no index
 */
export function decodeGops(bytes: Buffer, headBytes: number): PlacedGop[] {
  const numbers = readNumbers(bytes);
  if (numbers.length % 2 !== 0) throw new RangeError('an index of groups of pictures is cut off');
  const gops: PlacedGop[] = [];
  let [offset, startMs] = [headBytes, 0];
  for (let at = 0; at < numbers.length; at += 2) {
    const [sizeBytes, durationMs] = [numbers[at]!, numbers[at + 1]!];
    gops.push({ offset, startMs, sizeBytes, durationMs });
    offset += sizeBytes;
    startMs += durationMs;
  }
  return gops;
}

function pushNumbers(bytes: number[], numbers: readonly number[]): void {
  for (const number of numbers) {
    let rest = number;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
  }
}

function readNumbers(bytes: Buffer): number[] {
  const numbers: number[] = [];
  let [number, factor] = [0, 1];
  for (const byte of bytes) {
    number += (byte % 128) * factor;
    factor *= 128;
    if (byte >= 128) continue;
    numbers.push(number);
    [number, factor] = [0, 1];
  }
  if (factor !== 1) throw new RangeError('an index of groups of pictures is cut off');
  return numbers;
}
