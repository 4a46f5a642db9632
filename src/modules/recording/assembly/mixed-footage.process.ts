import { Mp4Error } from '../domain/mp4/boxes.js';
import { numberFragment, readFragmentExtent, readFragmentTiming, shiftFragment } from '../domain/mp4/fragment.js';
import { FragmentSplitter } from '../domain/mp4/fragment-splitter.js';
import { type InitSegment, parseInitSegment } from '../domain/mp4/init-segment.js';
import { buildSoundPartArgs } from '../domain/assembly-args.js';
import { findAudio, groupUniform, type SoundFormat } from '../domain/assembly-plan.js';
import type { Take } from '../domain/footage.js';
import type { FfmpegWorkers } from './ffmpeg-workers.process.js';
import type { StoredCapture } from '../log/fragment-log.store.js';
import { readOuterMoofs, streamFragments, Timeline } from '../log/fragment-stream.store.js';

/** Takes in a row that share a configuration, and their place on the timeline of the file. */
export interface Part {
  takes: readonly Take<StoredCapture>[];
  startMs: number;
  endMs: number;
}

const SILENCE = Buffer.alloc(1 << 16);
const BYTES_PER_SAMPLE = 2;

/**
 * The same places as `streamFragments` gives takes that are alike.
 * @returns with them, the wall-clock instant at which their timeline begins
 */
export async function placeParts(
  takes: readonly Take<StoredCapture>[],
): Promise<{ parts: Part[]; originAtMs: number }> {
  const timeline = new Timeline();
  const parts: Part[] = [];
  let originAtMs: number | null = null;
  for (const group of groupUniform(takes)) {
    const part = { takes: group, startMs: 0, endMs: 0 };
    for (const take of group) {
      const { init } = take.capture;
      const [first, last] = await readOuterMoofs(take);
      const shiftMs = timeline.place(take, first);
      originAtMs ??= take.span.startMs - (readFragmentTiming(first, init)?.startMs ?? 0) - shiftMs;
      if (take === group[0]) part.startMs = readFragmentExtent(first, init).startMs + shiftMs;
      shiftFragment(last, init, shiftMs);
      timeline.end(take, last);
      part.endMs = readFragmentExtent(last, init).endMs;
    }
    parts.push(part);
  }
  return { parts, originAtMs: originAtMs ?? 0 };
}

/** Sends the video of each part through an FFmpeg of its own and gives what comes out as one fragmented MP4. */
export async function* joinVideo(
  parts: readonly Part[],
  args: readonly string[],
  workers: FfmpegWorkers,
): AsyncGenerator<Buffer> {
  let common: InitSegment | null = null;
  let sequence = 0;
  let endMs = 0;
  for (const { takes, startMs } of parts) {
    let shiftMs: number | null = null;
    for await (const piece of splitPieces(workers.read(args, streamFragments(takes)))) {
      if (piece.kind === 'init') {
        const init = parseInitSegment(piece.bytes);
        if (!common) yield piece.bytes;
        common ??= init;
        if (init.configDigest !== common.configDigest) throw new Mp4Error('two parts came out of FFmpeg unlike');
        continue;
      }
      if (!common) throw new Mp4Error('no init segment before the first fragment');
      const { moof, mdat } = piece;
      const extent = readFragmentExtent(moof, common);
      shiftMs ??= Math.max(startMs, endMs - extent.startMs);
      endMs = extent.endMs + shiftMs;
      shiftFragment(moof, common, shiftMs);
      numberFragment(moof, (sequence += 1));
      yield moof;
      yield mdat;
    }
  }
}

async function* splitPieces(chunks: AsyncIterable<Buffer>) {
  const splitter = new FragmentSplitter();
  for await (const chunk of chunks) yield* splitter.push(chunk);
}

/** The sound of all parts as samples without a hole: where a part has none, and between parts, there is silence. */
export async function* joinSound(
  parts: readonly Part[],
  sound: SoundFormat,
  workers: FfmpegWorkers,
): AsyncGenerator<Buffer> {
  const bytesAt = (ms: number) => Math.round((ms * sound.sampleRate) / 1_000) * sound.channels * BYTES_PER_SAMPLE;
  let atBytes = 0;
  for (const [index, { takes, endMs }] of parts.entries()) {
    const endBytes = bytesAt(parts[index + 1]?.startMs ?? endMs);
    for await (const samples of readSound(takes, sound, workers)) {
      const wanted = samples.subarray(0, endBytes - atBytes);
      atBytes += wanted.length;
      if (wanted.length > 0) yield wanted;
    }
    while (atBytes < endBytes) {
      const silence = SILENCE.subarray(0, endBytes - atBytes);
      atBytes += silence.length;
      yield silence;
    }
  }
}

async function* readSound(
  takes: readonly Take<StoredCapture>[],
  sound: SoundFormat,
  workers: FfmpegWorkers,
): AsyncGenerator<Buffer> {
  const init = takes[0]?.capture.init;
  if (!init || !findAudio(init)) return;
  yield* workers.read(buildSoundPartArgs(sound), streamFragments(takes));
}
