import { findReader, passthroughArguments, runFfmpeg } from './ffmpeg.js';

/** The picture's upper strip holds 16 × 2 blocks: the frame number, and below it a checksum, most significant bit first. */
const COLUMNS = 16;
const WHITE = 235;
const BLACK = 16;

const SAMPLE_WIDTH = 64;
const SAMPLE_HEIGHT = 8;
const SAMPLE_BYTES = SAMPLE_WIDTH * SAMPLE_HEIGHT;

/** Stands for a frame whose counter does not match its checksum. */
export const UNREADABLE = -1;

/** Height in pixels of the strip that carries the counter. */
export function counterStripHeight(height: number): number {
  return Math.floor(height / 12) * 2;
}

/** Draws `counter` (0…65535) into the strip on top of a luma plane of `width` bytes per row. */
export function drawCounter(luma: Uint8Array, width: number, height: number, counter: number): void {
  const rowHeight = counterStripHeight(height) / 2;
  [counter, checksum(counter)].forEach((word, row) => {
    for (let column = 0; column < COLUMNS; column++) {
      const value = (word >> (COLUMNS - 1 - column)) & 1 ? WHITE : BLACK;
      const from = Math.floor((column * width) / COLUMNS);
      const to = Math.floor(((column + 1) * width) / COLUMNS);
      for (let y = row * rowHeight; y < (row + 1) * rowHeight; y++) luma.fill(value, y * width + from, y * width + to);
    }
  });
}

/** Reads the counter from a strip scaled to 64 × 8 gray pixels; `UNREADABLE` when the checksum is wrong. */
export function readCounter(strip: Uint8Array): number {
  const counter = readWord(strip, 0);
  return readWord(strip, 1) === checksum(counter) ? counter : UNREADABLE;
}

function readWord(strip: Uint8Array, row: number): number {
  const blockWidth = SAMPLE_WIDTH / COLUMNS;
  const blockHeight = SAMPLE_HEIGHT / 2;
  let word = 0;
  for (let column = 0; column < COLUMNS; column++) {
    let sum = 0;
    for (const y of [1, 2]) {
      for (const x of [1, 2]) sum += strip[(row * blockHeight + y) * SAMPLE_WIDTH + column * blockWidth + x] ?? 0;
    }
    word = (word << 1) | (sum / 4 > 127 ? 1 : 0);
  }
  return word;
}

/** CRC-16/CCITT-FALSE over the two bytes of the counter; not zero for zero, so a black picture is not frame 0. */
function checksum(counter: number): number {
  let crc = 0xffff;
  for (const byte of [counter >> 8, counter & 0xff]) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

/**
 * Decodes a video (a path, or anything FFmpeg opens) and reads the counter of each frame, in presentation order.
 * A frame that cannot be read is in the list as `UNREADABLE`.
 */
export async function readFrameCounters(file: string): Promise<number[]> {
  const counters: number[] = [];
  let rest: Buffer = Buffer.alloc(0);
  const onOutput = (chunk: Buffer) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let offset = 0;
    for (; offset + SAMPLE_BYTES <= rest.length; offset += SAMPLE_BYTES) {
      counters.push(readCounter(rest.subarray(offset, offset + SAMPLE_BYTES)));
    }
    rest = rest.subarray(offset);
  };
  // Cut out first, so that only the strip is converted; several threads would take a quarter more of the processor.
  const strip = `crop=iw:floor(ih/12)*2:0:0:exact=1,format=gray,scale=${SAMPLE_WIDTH}:${SAMPLE_HEIGHT}:flags=area`;
  const binary = findReader();
  const output = ['-vf', strip, ...passthroughArguments(binary), '-pix_fmt', 'gray', '-f', 'rawvideo', 'pipe:1'];
  await runFfmpeg(['-threads', '1', '-i', file, '-map', '0:v:0', ...output], { onOutput, binary });
  return counters;
}

export interface CounterHole {
  kind: 'missing' | 'repeated' | 'backwards' | 'unreadable';
  /** Position in the list of the frame where the fault shows. */
  index: number;
  /** Counter of the last readable frame before it; `UNREADABLE` when there was none. */
  previous: number;
  found: number;
  /** Frames that should have been between the two. */
  missing: number;
}

/**
 * Compares counters with what a camera sends: one more per frame, and 0 after `loopLength - 1`.
 * A hole of exactly a whole number of loops cannot be seen. An unreadable frame is a hole of its own and counts as one frame.
 */
export function findCounterHoles(counters: readonly number[], loopLength: number): CounterHole[] {
  const holes: CounterHole[] = [];
  let previous = UNREADABLE;
  let unreadable = 0;
  counters.forEach((found, index) => {
    if (found === UNREADABLE) {
      holes.push({ kind: 'unreadable', index, previous, found, missing: 0 });
      unreadable++;
      return;
    }
    if (previous !== UNREADABLE) {
      const step = (found - previous - unreadable + 2 * loopLength) % loopLength;
      const fault = { index, previous, found };
      if (step === 0) holes.push({ kind: 'repeated', ...fault, missing: 0 });
      else if (step > loopLength / 2) holes.push({ kind: 'backwards', ...fault, missing: 0 });
      else if (step > 1) holes.push({ kind: 'missing', ...fault, missing: step - 1 });
    }
    previous = found;
    unreadable = 0;
  });
  return holes;
}
