import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { findFfmpeg, runFfmpeg } from '@hindsight/virtual-camera/ffmpeg';
import { FragmentSplitter } from '../../src/mp4/fragment-splitter.js';
import type { Bench } from './bench.js';

const QUIET = ['-hide_banner', '-nostats', '-loglevel', 'error'];
const FRAGMENTS = ['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-frag_duration', '1000000'];

/** FFmpeg as anybody would type it, copying a camera. */
export class BareFfmpeg {
  private constructor(private readonly child: ChildProcess) {}

  /** `-c copy` into a plain MP4 file. */
  static record(bench: Bench, url: string, file: string): BareFfmpeg {
    return BareFfmpeg.spawn(
      bench,
      ['-rtsp_transport', 'tcp', '-i', url, '-c', 'copy', '-f', 'mp4', '-y', file],
      'ignore',
    );
  }

  /** Milliseconds from the start of FFmpeg until its first packet, or its first whole fragment, comes out of a pipe. */
  static async timeFirst(bench: Bench, what: 'packet' | 'fragment', url: string): Promise<number> {
    const output =
      what === 'packet' ? ['-map', '0:v:0', '-c', 'copy', '-f', 'h264'] : ['-c', 'copy', ...FRAGMENTS, '-f', 'mp4'];
    const fromMs = performance.now();
    const args = ['-rtsp_transport', 'tcp', '-i', url, ...output, '-flush_packets', '1', 'pipe:1'];
    const ffmpeg = BareFfmpeg.spawn(bench, args, 'pipe');
    const splitter = new FragmentSplitter();
    try {
      for await (const chunk of ffmpeg.child.stdout as Readable) {
        if (what === 'packet' || splitter.push(chunk as Buffer).some(({ kind }) => kind === 'fragment')) {
          return performance.now() - fromMs;
        }
      }
      throw new Error('bare FFmpeg ended without output');
    } finally {
      await ffmpeg.stop('SIGKILL');
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** @returns milliseconds until it was gone */
  async stop(signal: NodeJS.Signals): Promise<number> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return 0;
    const fromMs = performance.now();
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
    return performance.now() - fromMs;
  }

  private static spawn(bench: Bench, args: string[], stdout: 'ignore' | 'pipe'): BareFfmpeg {
    const ffmpeg = new BareFfmpeg(spawn(findFfmpeg(), [...QUIET, ...args], { stdio: ['ignore', stdout, 'ignore'] }));
    bench.onClose(() => ffmpeg.stop('SIGKILL'));
    return ffmpeg;
  }
}

/** The footage of a finished file as the fragments it was recorded in. */
export async function cutIntoFragments(file: string, out: string): Promise<void> {
  await runFfmpeg(['-i', file, '-map', '0', '-c', 'copy', ...FRAGMENTS, '-f', 'mp4', '-y', out]);
}

/**
 * The least that has to be done: FFmpeg copies the fragments into a faststart MP4, which is copied to its place. No check, no hash, no sync.
 * @param copy false: the file is not copied, since it is to go elsewhere
 */
export async function assembleByHand(fragments: string, out: string, { copy = true } = {}): Promise<number> {
  const fromMs = performance.now();
  const assembled = copy ? `${out}.part` : out;
  const args = ['-i', fragments, '-map', '0', '-c', 'copy', '-movflags', '+faststart', '-f', 'mp4', '-y', assembled];
  await runFfmpeg(args);
  if (copy) await copyFile(assembled, out);
  return performance.now() - fromMs;
}
