import { counterStripHeight, drawCounter } from '../counter.js';

/** Which of the segments a…g of a seven-segment digit are lit, as bits 0…6. */
const DIGITS = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f];
/** Segment a…g as x, y, width, height in sixths of the digit's width and tenths of its height. */
const SEGMENTS = [
  [0, 0, 6, 1],
  [5, 0, 1, 5],
  [5, 5, 1, 5],
  [0, 9, 6, 1],
  [0, 5, 1, 5],
  [0, 0, 1, 5],
  [0, 4.5, 6, 1],
] as const;
const BACKGROUNDS = 8;
const SWEEP_SEC = 4;

/** Yields the `frameCount` raw yuv420p frames of a clip; the same buffer is drawn over each time. */
export function* drawFrames(width: number, height: number, fps: number, frameCount: number): Generator<Buffer> {
  const lumaBytes = width * height;
  const frame = Buffer.alloc(lumaBytes * 1.5, 128);
  const backgrounds = Array.from({ length: BACKGROUNDS }, (_, seed) => drawBackground(width, height, seed + 1));
  for (let counter = 0; counter < frameCount; counter++) {
    const background = backgrounds[counter % BACKGROUNDS];
    if (background) frame.set(background);
    drawBar(frame, width, height, (counter / (fps * SWEEP_SEC)) % 1);
    drawNumber(frame, width, height, counter);
    drawCounter(frame, width, height, counter);
    yield frame;
  }
}

/** A gradient with a little noise, as a sensor has; without it a clip would be far smaller than a camera's stream. */
function drawBackground(width: number, height: number, seed: number): Buffer {
  const luma = Buffer.alloc(width * height);
  let random = seed * 0x9e3779b9;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      random = (Math.imul(random, 1664525) + 1013904223) | 0;
      luma[y * width + x] = 60 + ((x + y) * 100) / (width + height) + ((random >>> 24) & 15);
    }
  }
  return luma;
}

function drawBar(luma: Buffer, width: number, height: number, position: number): void {
  const barWidth = width >> 4;
  fill(luma, width, [Math.floor(position * (width - barWidth)), Math.floor(height * 0.8), barWidth, height >> 3], 220);
}

function drawNumber(luma: Buffer, width: number, height: number, value: number): void {
  const digitWidth = width / 12;
  const top = counterStripHeight(height) + height / 8;
  [...String(value).padStart(4, '0')].forEach((digit, place) => {
    const left = width / 4 + place * digitWidth * 1.5;
    SEGMENTS.forEach(([x, y, w, h], segment) => {
      if (((DIGITS[Number(digit)] ?? 0) >> segment) & 1) {
        const [unitX, unitY] = [digitWidth / 6, height / 30];
        fill(luma, width, [left + x * unitX, top + y * unitY, w * unitX, h * unitY], 220);
      }
    });
  });
}

function fill(luma: Buffer, stride: number, box: [number, number, number, number], value: number): void {
  const [x, y, width, height] = box.map(Math.round) as typeof box;
  for (let row = y; row < y + height; row++) luma.fill(value, row * stride + x, row * stride + x + width);
}
