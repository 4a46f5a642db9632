import { Injectable } from '@nestjs/common';
import { AppError, messageOf } from '../../common/errors.js';
import { FfmpegWorkers } from '../../ffmpeg/ffmpeg-workers.process.js';
import { type FoundFfmpeg, MediaTools } from '../../ffmpeg/media-tools.process.js';
import { buildSpriteArgs, buildThumbnailArgs } from './domain/preview-args.js';
import type { Grid } from './domain/preview-plan.js';

/** A hundred tiles are some 300 KB. */
const MAX_JPEG_BYTES = 8 << 20;

type ArgsOf = (ffmpeg: FoundFfmpeg) => string[];

/** Pictures out of fragmented MP4, by an FFmpeg that gives way to everything else. */
@Injectable()
export class PreviewFrames {
  constructor(private readonly tools: MediaTools) {}

  /**
   * The first picture at or after `afterMs` as JPEG; null when there is none.
   * @param footage an init segment, then fragments; read to its end
   * @throws AppError `RECORDING.PREVIEW_FAILED`; what `footage` throws, when that is an AppError
   */
  async thumbnail(footage: AsyncIterable<Buffer>, afterMs: number, signal: AbortSignal): Promise<Buffer | null> {
    const jpeg = await this.draw(({ capabilities }) => buildThumbnailArgs(afterMs, capabilities), footage, signal);
    return jpeg.length > 0 ? jpeg : null;
  }

  /**
   * All pictures as tiles of one JPEG.
   * @param footage an init segment, then fragments; read to its end
   * @throws AppError `RECORDING.PREVIEW_FAILED`; what `footage` throws, when that is an AppError
   */
  async sprite(footage: AsyncIterable<Buffer>, grid: Grid, signal: AbortSignal): Promise<Buffer> {
    return this.draw(({ capabilities }) => buildSpriteArgs(grid, capabilities), footage, signal);
  }

  private async draw(argsOf: ArgsOf, footage: AsyncIterable<Buffer>, signal: AbortSignal): Promise<Buffer> {
    const { ffmpeg, missing, nodeId } = this.tools;
    if (!ffmpeg) throw previewFailed(missing ?? 'FFmpeg was not found');
    const workers = new FfmpegWorkers({ path: ffmpeg.path, nodeId }, signal);
    const input = new WatchedInput(footage);
    try {
      return await collect(workers.read(argsOf(ffmpeg), input.read()));
    } catch (error) {
      // FFmpeg complains about footage that breaks off, too.
      const cause = input.error ?? error;
      throw cause instanceof AppError ? cause : previewFailed(messageOf(cause).slice(0, 300), cause);
    } finally {
      await workers.end();
    }
  }
}

/** Remembers why the footage broke off. */
class WatchedInput {
  error: unknown = null;

  constructor(private readonly source: AsyncIterable<Buffer>) {}

  async *read(): AsyncGenerator<Buffer> {
    try {
      yield* this.source;
    } catch (error) {
      this.error = error;
      throw error;
    }
  }
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_JPEG_BYTES) throw new Error('FFmpeg does not come to an end of the picture');
  }
  return Buffer.concat(parts);
}

export function previewFailed(reason: string, cause?: unknown): AppError {
  return new AppError({ code: 'RECORDING.PREVIEW_FAILED', values: { reason }, cause });
}
