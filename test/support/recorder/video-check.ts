import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findFfmpeg, findReader } from '@hindsight/virtual-camera/ffmpeg';
import { FFPROBE } from '../ffprobe.js';

const run = promisify(execFile);

export interface VideoCheck {
  /** What `ffmpeg -v error -i FILE -f null -` and `ffprobe -v warning` have to say: nothing, if all is well. */
  complaints: string;
  durationSec: number;
  /** In order of presentation. */
  presentationSec: number[];
  decodeSec: number[];
}

export async function checkVideo(path: string): Promise<VideoCheck> {
  const decoded = await run(findFfmpeg(), ['-v', 'error', '-i', path, '-f', 'null', '-']);
  const what = 'format=duration:packet=pts_time,dts_time';
  const probe = ['-v', 'warning', '-select_streams', 'v:0', '-show_entries', what, '-of', 'json', path];
  const probed = await run(FFPROBE, probe, { maxBuffer: 1 << 26 });
  const { format, packets } = JSON.parse(probed.stdout) as {
    format: { duration: string };
    packets: { pts_time: string; dts_time: string }[];
  };
  return {
    complaints: decoded.stderr + probed.stderr,
    durationSec: Number(format.duration),
    presentationSec: packets.map(({ pts_time: at }) => Number(at)).sort((a, b) => a - b),
    decodeSec: packets.map(({ dts_time: at }) => Number(at)),
  };
}

const RATE = 8_000;
const BEEP_HZ = 880;
const WINDOW = RATE / 100;

/** Instants at which the camera's beep sets in, in seconds of the file's timeline. */
export async function findBeeps(path: string): Promise<number[]> {
  const filter = ['-map', '0:a', '-af', 'aresample=async=1:first_pts=0', '-ac', '1', '-ar', String(RATE)];
  const { stdout } = await run(findReader(), ['-v', 'error', '-i', path, ...filter, '-f', 's16le', '-'], {
    encoding: 'buffer',
    maxBuffer: 1 << 26,
  });
  const power: number[] = [];
  for (let at = 0; at + WINDOW * 2 <= stdout.length / 2; at += RATE / 1_000) power.push(tone(stdout, at));
  const loud = Math.max(...power) / 2;
  return power.flatMap((value, ms) => (value > loud && (power[ms - 1] ?? 0) <= loud ? [(ms + 5) / 1_000] : []));
}

/** How strong the beep's frequency is in the window that begins at a sample. */
function tone(samples: Buffer, at: number): number {
  let [re, im] = [0, 0];
  for (let index = 0; index < WINDOW; index += 1) {
    const value = samples.readInt16LE((at + index) * 2);
    const angle = (2 * Math.PI * BEEP_HZ * index) / RATE;
    re += value * Math.cos(angle);
    im += value * Math.sin(angle);
  }
  return Math.hypot(re, im);
}
