import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Injectable } from '@nestjs/common';
import { AppError, messageOf } from '../../../common/errors.js';
import { MediaTools } from '../capture/media-tools.process.js';

const run = promisify(execFile);
/** A faststart MP4 is probed from its head in milliseconds; a disk in trouble may need longer. */
const TIMEOUT_MS = 60_000;

export interface MediaInfo {
  durationMs: number;
  /** As ffprobe spells it: `h264`, `hevc`, `mjpeg`. */
  codec: string;
  /** `1920x1080` */
  resolution: string;
}

interface FfprobeOutput {
  format?: { duration?: string };
  streams?: { codec_type?: string; codec_name?: string; width?: number; height?: number }[];
}

/** ffprobe as the judge of a finished file. */
@Injectable()
export class MediaProbe {
  constructor(private readonly tools: MediaTools) {}

  /** @throws AppError `RECORDING.PROBE_FAILED` when ffprobe finds no video or no duration in the file */
  async probe(path: string): Promise<MediaInfo> {
    if (!this.tools.ffprobe) throw probeFailed(this.tools.missing ?? 'ffprobe was not found');
    const args = ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', `file:${path}`];
    let output: FfprobeOutput;
    try {
      const { stdout } = await run(this.tools.ffprobe.path, args, { timeout: TIMEOUT_MS, maxBuffer: 4 << 20 });
      output = JSON.parse(stdout) as FfprobeOutput;
    } catch (error) {
      throw probeFailed(messageOf(error).slice(0, 300), error);
    }
    const video = output.streams?.find(({ codec_type: type }) => type === 'video');
    const durationSec = Number(output.format?.duration);
    if (!video?.codec_name || !(durationSec > 0)) throw probeFailed('no video or no duration in it');
    return {
      durationMs: Math.round(durationSec * 1_000),
      codec: video.codec_name,
      resolution: `${video.width ?? 0}x${video.height ?? 0}`,
    };
  }
}

function probeFailed(reason: string, cause?: unknown): AppError {
  const message = `The finished file did not pass ffprobe: ${reason}`;
  return new AppError({ code: 'RECORDING.PROBE_FAILED', kind: 'internal', fault: 'service', message, cause });
}
