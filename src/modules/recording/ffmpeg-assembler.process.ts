import { spawn } from 'node:child_process';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { AppError, messageOf } from '../../common/errors.js';
import { Assembler, type AssemblyResult } from './assembler.port.js';
import type { Take } from './domain/footage.js';
import { numberFragment, shiftFragment } from './domain/mp4/fragment.js';
import type { StoredCapture } from './fragment-log.store.js';
import { MediaTools } from './media-tools.process.js';

const STDERR_BYTES = 4_000;

/** Streams the fragments through FFmpeg, which copies them into a plain MP4. Needs no more memory than a fragment. */
@Injectable()
export class FfmpegAssembler extends Assembler {
  constructor(private readonly tools: MediaTools) {
    super();
  }

  async assemble(takes: readonly Take<StoredCapture>[], outPath: string): Promise<AssemblyResult> {
    const chosen = largestUniform(takes);
    const partPath = `${outPath}.part`;
    try {
      await this.run(Readable.from(fragmentsOf(chosen), { objectMode: false, highWaterMark: 1 << 20 }), partPath);
      await rename(partPath, outPath);
      return { takes: chosen };
    } catch (error) {
      await rm(partPath, { force: true });
      throw assemblyFailed(error);
    }
  }

  private async run(input: Readable, outPath: string): Promise<void> {
    if (!this.tools.ffmpeg) throw new Error(this.tools.missing ?? 'FFmpeg was not found');
    const args = [
      '-hide_banner',
      '-nostats',
      '-loglevel',
      'error',
      '-f',
      'mp4',
      '-i',
      'pipe:0',
      '-map',
      '0',
      '-c',
      'copy',
    ];
    const output = ['-movflags', '+faststart', '-f', 'mp4', '-y', `file:${outPath}`];
    const child = spawn(this.tools.ffmpeg.path, [...args, ...output], {
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-STDERR_BYTES)));
    const exited = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const fed = pipeline(input, child.stdin).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
    const [code, feedError] = await Promise.all([exited, fed]);
    if (code !== 0) throw new Error(stderr.trim() || `FFmpeg exited with ${code}`);
    if (feedError) throw feedError;
  }
}

/** One file has one configuration (codec, size): the one that most of the footage has wins. */
function largestUniform(takes: readonly Take<StoredCapture>[]): Take<StoredCapture>[] {
  const lengths = new Map<string, number>();
  for (const { capture, span } of takes) {
    lengths.set(capture.configDigest, (lengths.get(capture.configDigest) ?? 0) + span.endMs - span.startMs);
  }
  const [winner] = [...lengths].sort(([, a], [, b]) => b - a);
  return takes.filter(({ capture }) => capture.configDigest === winner?.[0]);
}

/** The bytes of one fragmented MP4: a single init segment, then every fragment, moved to its place on a common timeline. */
async function* fragmentsOf(takes: readonly Take<StoredCapture>[]): AsyncGenerator<Buffer> {
  const [first] = takes;
  if (!first) return;
  yield first.capture.init.bytes;
  let sequence = 0;
  for (const { capture, fragments } of takes) {
    const shiftMs = capture.epochMs - first.span.startMs;
    for await (const bytes of readFragments(capture, fragments)) {
      const moof = bytes.subarray(0, bytes.moofBytes);
      shiftFragment(moof, capture.init, shiftMs);
      numberFragment(moof, (sequence += 1));
      yield bytes;
    }
  }
}

type FragmentBytes = Buffer & { moofBytes: number };

async function* readFragments(capture: StoredCapture, fragments: Take['fragments']): AsyncGenerator<FragmentBytes> {
  let file: FileHandle | undefined;
  let segment = '';
  try {
    for (const fragment of fragments) {
      if (!file || fragment.segment !== segment) {
        await file?.close();
        segment = fragment.segment;
        file = await open(join(capture.dir, segment), 'r');
      }
      const bytes = Buffer.alloc(fragment.sizeBytes);
      await file.read(bytes, 0, fragment.sizeBytes, fragment.offset);
      yield Object.assign(bytes, { moofBytes: fragment.moofBytes });
    }
  } finally {
    await file?.close();
  }
}

function assemblyFailed(cause: unknown): AppError {
  const message = `The footage could not be made into an MP4: ${messageOf(cause).slice(0, 300)}`;
  return new AppError({ code: 'RECORDING.ASSEMBLY_FAILED', kind: 'internal', fault: 'service', message, cause });
}
