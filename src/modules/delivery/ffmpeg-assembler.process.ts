import { rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { AppError, messageOf } from '../../common/errors.js';
import type { CaptureMeta, StoredCapture, Take } from '../footage/index.js';
import { FfmpegWorkers, type Inputs } from '../../ffmpeg/ffmpeg-workers.process.js';
import { type FoundFfmpeg, MediaTools } from '../../ffmpeg/media-tools.process.js';
import { readAssembled, sealAssembled } from './assembled-capture.store.js';
import { type AssembledFootage, Assembler } from './assembler.port.js';
import { buildJoinArgs, buildVideoPartArgs, JOIN_OFFSET_MS } from './domain/assembly-args.js';
import { chooseAssembly, codecOf, planPicture, planSound } from './domain/assembly-plan.js';
import {
  joinSound,
  joinVideo,
  type Part,
  placeAsStored,
  type PlacedParts,
  placeParts,
  placeReadable,
} from './mixed-footage.process.js';

/** Half of the machine, and no more than pays: the rest is for captures. */
const ENCODER_THREADS = Math.min(4, Math.max(1, availableParallelism() >> 1));

/**
 * Streams the fragments of each part through an FFmpeg, which encodes what the parts do not have in common, and all of it through one
 * more, which cuts it into fragments. Needs no more memory than some fragments and no file but the one it makes.
 */
@Injectable()
export class FfmpegAssembler extends Assembler {
  constructor(private readonly tools: MediaTools) {
    super();
  }

  /** An FFmpeg that is missing may be put there and know how: what was filmed is not given up for that. */
  get canEncode(): boolean {
    return this.tools.ffmpeg?.capabilities.h264Encoder ?? true;
  }

  async assemble(
    takes: readonly Take<StoredCapture>[],
    outPath: string,
    signal?: AbortSignal,
  ): Promise<AssembledFootage> {
    const alike = chooseAssembly(takes) === 'copied';
    // Takes that are alike come here because our own code could not place them.
    const ways = alike ? [placeAsStored, placeReadable] : [placeParts, placeAsStored, placeReadable];
    const assembly = alike ? 'remuxed' : chooseAssembly(takes);
    let failure: unknown;
    for (const place of ways) {
      try {
        const capture = await this.make(await place(takes), takes, { outPath, signal });
        return { capture, takes: [...takes], assembly };
      } catch (error) {
        if (signal?.aborted) throw assemblyFailed(error);
        failure ??= error;
      }
    }
    throw assemblyFailed(failure);
  }

  private async make(
    { parts, originAtMs }: PlacedParts,
    takes: readonly Take<StoredCapture>[],
    { outPath, signal }: { outPath: string; signal: AbortSignal | undefined },
  ): Promise<StoredCapture> {
    const partPath = `${outPath}.part`;
    let workers: FfmpegWorkers | undefined;
    try {
      const ffmpeg = this.findFfmpeg();
      workers = new FfmpegWorkers({ path: ffmpeg.path, nodeId: this.tools.nodeId }, signal);
      // An FFmpeg that outlived a killed service may still write into it: this one gets a file of its own.
      await rm(partPath, { force: true });
      await joinParts(parts, { takes, ffmpeg, workers, partPath });
      await sealAssembled(partPath, describeJoined(takes, originAtMs - JOIN_OFFSET_MS));
      await rename(partPath, outPath);
      return await readAssembled(outPath);
    } catch (error) {
      await workers?.end();
      await rm(partPath, { force: true });
      throw error;
    } finally {
      await workers?.end();
    }
  }

  private findFfmpeg(): FoundFfmpeg {
    if (!this.tools.ffmpeg) throw new Error(this.tools.missing ?? 'FFmpeg was not found');
    return this.tools.ffmpeg;
  }
}

interface Join {
  takes: readonly Take<StoredCapture>[];
  ffmpeg: FoundFfmpeg;
  workers: FfmpegWorkers;
  partPath: string;
}

async function joinParts(
  parts: readonly Part[],
  { takes, ffmpeg: { capabilities }, workers, partPath }: Join,
): Promise<void> {
  const picture = chooseAssembly(takes) === 're_encoded' ? planPicture(takes) : null;
  const out = { videoCodec: picture ? 'h264' : codecOf(takes[0]!.capture.init.video), capabilities };
  const sound = planSound(takes);
  const video = joinVideo(parts, buildVideoPartArgs(picture, { ...out, threads: ENCODER_THREADS }), workers);
  const inputs: Inputs = sound ? [video, joinSound(parts, sound, workers)] : [video];
  await workers.run(buildJoinArgs(sound, { ...out, outPath: partPath }), inputs);
}

/** The same for the same takes, so that fragments keep their names when the file is made anew. */
function describeJoined(takes: readonly Take<StoredCapture>[], epochMs: number): CaptureMeta {
  const { captureId, cameraId } = takes[0]!.capture;
  const { endedAtMs, endCause } = takes.at(-1)!.capture;
  return { captureId: `${captureId}-joined`, cameraId, epochMs, endedAtMs, endCause };
}

function assemblyFailed(cause: unknown): AppError {
  const message = `The footage could not be made into an MP4: ${messageOf(cause).slice(0, 300)}`;
  return new AppError({ code: 'RECORDING.ASSEMBLY_FAILED', message, cause });
}
