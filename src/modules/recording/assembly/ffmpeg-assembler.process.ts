import { rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { AppError, messageOf } from '../../../common/errors.js';
import { Assembler, type AssemblyResult } from './assembler.port.js';
import type { Assembly } from '../domain/assembly.js';
import { buildCopyArgs, buildJoinArgs, buildVideoPartArgs } from '../domain/assembly-args.js';
import { chooseAssembly, largestUniform, planPicture, planSound } from '../domain/assembly-plan.js';
import type { Take } from '../domain/footage.js';
import { FfmpegWorkers, type Inputs } from './ffmpeg-workers.process.js';
import { fillPauses } from './filled-fragments.js';
import type { StoredCapture } from '../log/fragment-log.store.js';
import { streamFragments } from '../log/fragment-stream.store.js';
import { type FoundFfmpeg, MediaTools } from '../capture/media-tools.process.js';
import { joinSound, joinVideo, placeParts } from './mixed-footage.process.js';

/** Half of the machine, and no more than pays: the rest is for captures. */
const ENCODER_THREADS = Math.min(4, Math.max(1, availableParallelism() >> 1));

/**
 * Streams the fragments through FFmpeg, which copies them into a plain MP4. Footage of several configurations, which no browser plays out
 * of one file, is encoded into a common one, part by part. Needs no more memory than some fragments and no file but the one it makes.
 */
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
    const partPath = `${outPath}.part`;
    let workers: FfmpegWorkers | undefined;
    try {
      const ffmpeg = this.findFfmpeg();
      workers = new FfmpegWorkers({ path: ffmpeg.path, nodeId: this.tools.nodeId }, signal);
      const { assembly, takes: chosen } = choose(takes, ffmpeg);
      // An FFmpeg that outlived a killed service may still write into it: this one gets a file of its own.
      await rm(partPath, { force: true });
      if (assembly === 'copied') await workers.run(buildCopyArgs(partPath), [fillPauses(streamFragments(chosen))]);
      else await joinParts(chosen, { assembly, ffmpeg, workers, partPath });
      await rename(partPath, outPath);
      return { takes: chosen, assembly };
    } catch (error) {
      await workers?.end();
      await rm(partPath, { force: true });
      throw assemblyFailed(error);
    } finally {
      await workers?.end();
    }
  }

  private findFfmpeg(): FoundFfmpeg {
    if (!this.tools.ffmpeg) throw new Error(this.tools.missing ?? 'FFmpeg was not found');
    return this.tools.ffmpeg;
  }
}

/** Without an encoder for video, the longest part that is alike is all that fits into one file. */
function choose(
  takes: readonly Take<StoredCapture>[],
  { capabilities }: FoundFfmpeg,
): { assembly: Assembly; takes: Take<StoredCapture>[] } {
  const assembly = chooseAssembly(takes);
  if (assembly !== 're_encoded' || capabilities.h264Encoder) return { assembly, takes: [...takes] };
  return { assembly: 'copied', takes: largestUniform(takes) };
}

interface Join {
  assembly: Assembly;
  ffmpeg: FoundFfmpeg;
  workers: FfmpegWorkers;
  partPath: string;
}

async function joinParts(
  takes: readonly Take<StoredCapture>[],
  { assembly, ffmpeg: { capabilities }, workers, partPath }: Join,
): Promise<void> {
  const parts = await placeParts(takes);
  const picture = assembly === 're_encoded' ? planPicture(takes) : null;
  const sound = planSound(takes);
  const video = joinVideo(parts, buildVideoPartArgs(picture, { capabilities, threads: ENCODER_THREADS }), workers);
  const inputs: Inputs = sound ? [video, joinSound(parts, sound, workers)] : [video];
  await workers.run(buildJoinArgs(sound, partPath), inputs);
}

function assemblyFailed(cause: unknown): AppError {
  const message = `The footage could not be made into an MP4: ${messageOf(cause).slice(0, 300)}`;
  return new AppError({ code: 'RECORDING.ASSEMBLY_FAILED', kind: 'internal', fault: 'service', message, cause });
}
