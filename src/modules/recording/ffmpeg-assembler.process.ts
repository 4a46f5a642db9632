import { spawn } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { AppError, messageOf } from '../../common/errors.js';
import { Assembler, type AssemblyResult } from './assembler.port.js';
import type { Take } from './domain/footage.js';
import type { StoredCapture } from './fragment-log.store.js';
import { streamFragments } from './fragment-stream.store.js';
import { MediaTools } from './media-tools.process.js';

const STDERR_BYTES = 4_000;
const READ_AHEAD_BYTES = 1 << 20;
const INPUT = ['-hide_banner', '-nostats', '-loglevel', 'error', '-f', 'mp4', '-i', 'pipe:0'];
const COPY = ['-map', '0', '-c', 'copy', '-movflags', '+faststart', '-f', 'mp4', '-y'];

/** Streams the fragments through FFmpeg, which copies them into a plain MP4. Needs no more memory than a fragment. */
@Injectable()
export class FfmpegAssembler extends Assembler {
  constructor(private readonly tools: MediaTools) {
    super();
  }

  async assemble(
    takes: readonly Take<StoredCapture>[],
    outPath: string,
    signal?: AbortSignal,
  ): Promise<AssemblyResult> {
    const chosen = largestUniform(takes);
    const partPath = `${outPath}.part`;
    try {
      // An FFmpeg that outlived a killed service may still write into it: this one gets a file of its own.
      await rm(partPath, { force: true });
      await this.run(Readable.from(streamFragments(chosen), { objectMode: false, highWaterMark: READ_AHEAD_BYTES }), {
        partPath,
        signal,
      });
      await rename(partPath, outPath);
      return { takes: chosen };
    } catch (error) {
      await rm(partPath, { force: true });
      throw assemblyFailed(error);
    }
  }

  private async run(
    input: Readable,
    { partPath, signal }: { partPath: string; signal: AbortSignal | undefined },
  ): Promise<void> {
    if (!this.tools.ffmpeg) throw new Error(this.tools.missing ?? 'FFmpeg was not found');
    const child = spawn(this.tools.ffmpeg.path, [...INPUT, ...COPY, `file:${partPath}`], {
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
      ...(signal ? { signal, killSignal: 'SIGKILL' } : {}),
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-STDERR_BYTES)));
    let spawnError: Error | undefined;
    child.once('error', (error) => (spawnError = error));
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    const fed = pipeline(input, child.stdin).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    const [code, feedError] = await Promise.all([exited, fed]);
    if (spawnError) throw spawnError;
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

function assemblyFailed(cause: unknown): AppError {
  const message = `The footage could not be made into an MP4: ${messageOf(cause).slice(0, 300)}`;
  return new AppError({ code: 'RECORDING.ASSEMBLY_FAILED', kind: 'internal', fault: 'service', message, cause });
}
