import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readFragmentTiming } from '../../../src/mp4/fragment.js';
import { FragmentSplitter } from '../../../src/mp4/fragment-splitter.js';
import { parseInitSegment } from '../../../src/mp4/init-segment.js';
import { buildCaptureCommand } from '../../../src/modules/capture/domain/ffmpeg-args.js';
import type { StoredFragment } from '../../../src/modules/footage/domain/footage.js';
import type { StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';
import { findTools } from './capture-rig.js';

const run = promisify(execFile);
/** Looked for once: asking an FFmpeg what it can do takes longer than a short clip. */
const tools = findTools();

export interface MadeStream {
  seconds: number;
  /** Encoder of 25 pictures a second, with its options. */
  video: readonly string[];
  /** Encoder of a tone, with its options; none: no sound. */
  audio?: readonly string[];
  /** The sound begins later than the picture, earlier (below 0), or stops before it. */
  audioFromSec?: number;
  audioForSec?: number;
}

export const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-pix_fmt', 'yuv420p'];
export const H264_BFRAMES = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-g', '50', '-bf', '3', '-b_strategy', '0', '-pix_fmt', 'yuv420p'],
];
export const H265 = [
  ...['-c:v', 'libx265', '-preset', 'ultrafast', '-g', '25', '-x265-params', 'log-level=none', '-tag:v', 'hvc1'],
];
export const AAC_8K = ['-c:a', 'aac', '-ar', '8000', '-ac', '1'];
export const AAC_48K = ['-c:a', 'aac', '-ar', '48000', '-ac', '2'];

export const TONE_HZ = 880;

/** A capture on disk, as a camera's would be, but encoded on the spot and in no more time than that takes. */
export async function makeCapture(dir: string, name: string, stream: MadeStream): Promise<StoredCapture> {
  const [head, ...parts] = new FragmentSplitter().push(await encodeStream(stream));
  if (head?.kind !== 'init') throw new Error('FFmpeg gave no init segment');
  const init = parseInitSegment(head.bytes);
  const fragments: StoredFragment[] = [];
  const written: Buffer[] = [];
  let offset = 0;
  for (const part of parts) {
    if (part.kind !== 'fragment') continue;
    const timing = readFragmentTiming(part.moof, init);
    if (!timing) continue;
    const sizeBytes = part.moof.length + part.mdat.length;
    fragments.push({ ...timing, segment: `${name}.m4s`, offset, moofBytes: part.moof.length, sizeBytes });
    written.push(part.moof, part.mdat);
    offset += sizeBytes;
  }
  await writeFile(join(dir, `${name}.m4s`), Buffer.concat(written));
  return {
    ...{ captureId: name, cameraId: 'cam', epochMs: 1_800_000_000_000, endedAtMs: 0, endCause: null },
    ...{ dir, init, configDigest: init.configDigest, fragments },
  };
}

/** What a capture's FFmpeg would give. */
export async function encodeStream(stream: MadeStream): Promise<Buffer> {
  const { ffmpeg } = await tools;
  const { stdout } = await run(ffmpeg!.path, buildArgs(stream, ffmpeg!.capabilities), {
    ...{ encoding: 'buffer', maxBuffer: 1 << 28 },
  });
  return stdout;
}

function buildArgs(stream: MadeStream, capabilities: Parameters<typeof buildCaptureCommand>[1]): string[] {
  const { seconds, video, audio, audioFromSec = 0, audioForSec = seconds } = stream;
  const picture = ['-f', 'lavfi', '-i', `testsrc2=size=192x108:rate=25:duration=${seconds}`];
  const tone = `sine=frequency=${TONE_HZ}:duration=${audioForSec}`;
  const sound = audio ? ['-itsoffset', String(audioFromSec), '-f', 'lavfi', '-i', tone] : [];
  // What a capture asks of the muxer, from its timeline on.
  const capture = buildCaptureCommand(
    {
      ...{ url: 'rtsp://camera/', videoCodec: 'h264', videoIndex: 0 },
      sound: audio ? { index: 0, isCopied: true, sampleRate: 8_000, channels: 1 } : null,
      ...{ ioTimeoutMs: 1, fragmentMs: 1_000 },
    },
    { ...capabilities, concatOptions: false },
  ).args;
  const muxer = capture.slice(capture.indexOf('-avoid_negative_ts'));
  const maps = ['-map', '0:v', ...(audio ? ['-map', '1:a'] : [])];
  return ['-v', 'error', ...picture, ...sound, ...maps, ...video, ...(audio ?? []), ...muxer];
}
