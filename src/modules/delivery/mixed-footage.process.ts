import { Mp4Error } from '../../mp4/boxes.js';
import { findRoomMs, startOf } from '../../mp4/hybrid/timeline.js';
import { TrackPlaces } from '../../mp4/hybrid/track-places.js';
import { numberFragment, readFragmentExtent, readFragmentTiming, shiftFragment } from '../../mp4/fragment.js';
import { FragmentSplitter } from '../../mp4/fragment-splitter.js';
import { type InitSegment, parseInitSegment } from '../../mp4/init-segment.js';
import {
  findReadable,
  readOuterMoofs,
  type StoredCapture,
  streamAsStored,
  streamFragments,
  type Take,
  Timeline,
  TornFootage,
} from '../footage/index.js';
import type { FfmpegWorkers } from '../../ffmpeg/ffmpeg-workers.process.js';
import { buildSoundPartArgs } from './domain/assembly-args.js';
import { findAudio, groupUniform, type SoundFormat } from './domain/assembly-plan.js';

/** Footage of one configuration, and its place on the timeline of the file. */
export interface Part {
  init: InitSegment;
  /** The bytes of one fragmented MP4. */
  read: () => AsyncIterable<Buffer>;
  /** When what the fragments call `streamStartMs` comes in the file. */
  startMs: number;
  streamStartMs: number;
  /** From then on its sound is heard, though some may come before: that is the time of the part before it. */
  soundFromMs: number;
  endMs: number;
}

/** Parts, and the wall-clock instant at which their timeline begins. */
export interface PlacedParts {
  parts: Part[];
  originAtMs: number;
}

const SILENCE = Buffer.alloc(1 << 16);
const BYTES_PER_SAMPLE = 2;

/** Takes in a row that share a configuration become a part, in the same places as `streamFragments` gives takes that are alike. */
export async function placeParts(takes: readonly Take<StoredCapture>[]): Promise<PlacedParts> {
  const timeline = new Timeline();
  const parts: Part[] = [];
  let originAtMs: number | null = null;
  for (const group of groupUniform(takes)) {
    const { init } = group[0]!.capture;
    const part = { init, read: () => streamFragments(group), startMs: 0, streamStartMs: 0, soundFromMs: 0, endMs: 0 };
    for (const take of group) {
      const [first, last] = await readOuterMoofs(take);
      const shiftMs = timeline.place(take, first);
      originAtMs ??= take.span.startMs - (readFragmentTiming(first, init)?.startMs ?? 0) - shiftMs;
      if (take === group[0]) {
        part.soundFromMs = startOf(first, init) + shiftMs;
        part.startMs = part.soundFromMs - findRoomMs(first, init);
      }
      new TrackPlaces().put(last, init, shiftMs);
      timeline.end(take, last);
      part.endMs = timeline.endMs;
    }
    parts.push(part);
  }
  return { parts, originAtMs: originAtMs ?? 0 };
}

/** Each take a part, where its index says: for footage whose own headers our reader refuses. */
export async function placeAsStored(takes: readonly Take<StoredCapture>[]): Promise<PlacedParts> {
  const originAtMs = takes[0]!.span.startMs;
  const parts: Part[] = [];
  for (const take of takes) {
    const { span, capture } = take;
    const startMs = Math.max(span.startMs - originAtMs, parts.at(-1)?.endMs ?? 0);
    const read = () => streamAsStored(take);
    const streamStartMs = await findStreamStart(take);
    const endMs = startMs + span.endMs - span.startMs;
    parts.push({ init: capture.init, read, startMs, streamStartMs, soundFromMs: startMs, endMs });
  }
  return { parts, originAtMs };
}

/** The same without the fragments that cannot be read. */
export async function placeReadable(takes: readonly Take<StoredCapture>[]): Promise<PlacedParts> {
  const readable: Take<StoredCapture>[] = [];
  for (const take of takes) {
    const found = await findReadable(take);
    if (found) readable.push(found);
  }
  if (readable.length === 0) throw new Mp4Error('none of its fragments can be read');
  return placeAsStored(readable);
}

/** What the first fragment itself says of its time, or else its index, which may have been moved on the clock since. */
async function findStreamStart(take: Take<StoredCapture>): Promise<number> {
  const indexedMs = take.fragments[0]!.startMs;
  try {
    const [first] = await readOuterMoofs(take);
    return readFragmentTiming(first, take.capture.init)?.startMs ?? indexedMs;
  } catch (error) {
    if (error instanceof Mp4Error || error instanceof TornFootage) return indexedMs;
    throw error;
  }
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
  for (const { read, startMs, streamStartMs } of parts) {
    let shiftMs: number | null = null;
    for await (const piece of splitPieces(workers.read(args, read()))) {
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
      shiftMs ??= Math.max(startMs - streamStartMs, endMs - extent.startMs);
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
  for (const [index, part] of parts.entries()) {
    const endBytes = bytesAt(parts[index + 1]?.soundFromMs ?? part.endMs);
    let earlyBytes = Math.max(0, atBytes - bytesAt(part.startMs));
    for await (const samples of readSound(part, sound, workers)) {
      const fresh = samples.subarray(earlyBytes);
      earlyBytes -= samples.length - fresh.length;
      const wanted = fresh.subarray(0, Math.max(0, endBytes - atBytes));
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

async function* readSound(part: Part, sound: SoundFormat, workers: FfmpegWorkers): AsyncGenerator<Buffer> {
  if (findAudio(part.init)) yield* workers.read(buildSoundPartArgs(sound, part.streamStartMs), part.read());
}
