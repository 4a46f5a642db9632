import { execFile, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { bodyOf, type HindsightClient, type PlaybackResponse } from '@hindsight/client';
import { readFrameCounters } from '@hindsight/virtual-camera';
import { findFfmpeg } from '@hindsight/virtual-camera/ffmpeg';
import { digestLike } from './digest.js';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 << 20;
/** ffprobe and the row may round differently. */
const DURATION_TOLERANCE_MS = 2;

/** A stored video as it is, read by tools that know nothing of the service. */
export interface InspectedObject {
  /** Counter of each picture, in the order of showing. */
  counters: number[];
  /** When each picture is shown, from the file's start. */
  shownAtMs: number[];
  /** What FFmpeg says while it decodes the file; empty when all is well. */
  noise: string;
  /** What the row says otherwise than the file, one sentence each. */
  differences: string[];
}

/** Loads the video over the API and looks at it. @throws Error when it is not given out */
export async function inspectObject(
  api: HindsightClient,
  playback: PlaybackResponse,
  path: string,
): Promise<InspectedObject> {
  const params = { path: { id: playback.id } };
  const video = await bodyOf(api.GET('/playbacks/{id}/video', { params, parseAs: 'stream' }));
  if (!video) throw new Error('the video is answered without a body');
  await pipeline(Readable.fromWeb(video), createWriteStream(path));
  const { shownAtMs, durationMs } = await probe(path);
  return {
    counters: await readFrameCounters(path),
    shownAtMs,
    noise: await decodeNoise(path),
    differences: [
      ...differ('size', (await stat(path)).size, playback.fileSizeBytes),
      ...differ('digest', await digestLike(path, playback.digest), playback.digest),
      ...(Math.abs(durationMs - (playback.durationMs ?? 0)) > DURATION_TOLERANCE_MS
        ? differ('duration in ms', durationMs, playback.durationMs)
        : []),
    ],
  };
}

function differ(what: string, file: string | number, row: string | number | null): string[] {
  return file === row ? [] : [`${what}: ${file} in the file, ${row} in the row`];
}

interface ProbedPackets {
  packets: { pts_time?: string; flags: string }[];
  format: { duration: string };
}

async function probe(path: string): Promise<{ shownAtMs: number[]; durationMs: number }> {
  const args = ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pts_time,flags:format=duration'];
  const { stdout } = await run(findFfprobe(), [...args, '-of', 'json', path], { maxBuffer: MAX_OUTPUT_BYTES });
  const { packets, format } = JSON.parse(stdout) as ProbedPackets;
  // D: in the file, and not shown.
  const shown = packets.filter(({ flags }) => !flags.includes('D')).map(({ pts_time }) => Number(pts_time) * 1_000);
  return { shownAtMs: shown.sort((a, b) => a - b), durationMs: Number(format.duration) * 1_000 };
}

function findFfprobe(): string {
  const installed = createRequire(import.meta.url)('@ffprobe-installer/ffprobe') as { path: string };
  return process.env['FFPROBE_PATH'] ?? installed.path;
}

async function decodeNoise(path: string): Promise<string> {
  // In the file's own ticks: else pictures nearer to each other than its stated rate would count as out of order.
  const child = spawn(findFfmpeg(), ['-v', 'error', '-i', path, '-enc_time_base', '-1', '-f', 'null', '-'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return code === 0 ? stderr.trim() : `exit code ${code}: ${stderr.trim()}`;
}
