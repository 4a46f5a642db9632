import { chmod } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { runChild } from '../common/child.process.js';
import { messageOf } from '../common/errors.js';
import type { AppLogger } from '../common/logging.js';
import type { AppConfig } from '../config/app-config.js';
import type { FfmpegCapabilities } from './domain/capabilities.js';

const require = createRequire(import.meta.url);
const PROBE_TIMEOUT_MS = 10_000;

export interface FoundTool {
  path: string;
  /** Where it was found: `FFMPEG_PATH`, `ffmpeg-static`, `PATH` … */
  source: string;
  version: string;
}

export interface FoundFfmpeg extends FoundTool {
  capabilities: FfmpegCapabilities;
}

/** The FFmpeg and ffprobe of this process; null with a reason when there is none. The class doubles as the injection token. */
export class MediaTools {
  constructor(
    readonly ffmpeg: FoundFfmpeg | null,
    readonly ffprobe: FoundTool | null,
    /** One sentence that says what is missing, for health and failures. */
    readonly missing: string | null,
    /** The recorder that every FFmpeg of this process is marked with. */
    readonly nodeId: string | null = null,
  ) {}
}

interface Candidate {
  source: string;
  path: () => string | undefined;
}

/**
 * Looks for both tools and logs what was found: the system's own first, which its distribution keeps patched, before builds of npm packages,
 * which nobody does. An explicit path that does not work is an error, not skipped.
 */
export async function findMediaTools(
  config: AppConfig,
  logger: AppLogger,
  nodeId: string | null = null,
): Promise<MediaTools> {
  const faults: string[] = [];
  const ffmpeg = await findTool(
    'FFmpeg',
    config.ffmpegPath
      ? [{ source: 'FFMPEG_PATH', path: () => config.ffmpegPath }]
      : [
          { source: 'PATH', path: () => 'ffmpeg' },
          { source: 'ffmpeg-static', path: () => require('ffmpeg-static') as string },
          {
            source: '@ffmpeg-installer/ffmpeg',
            path: () => (require('@ffmpeg-installer/ffmpeg') as { path: string }).path,
          },
        ],
    faults,
  );
  const ffprobe = await findTool(
    'ffprobe',
    config.ffprobePath
      ? [{ source: 'FFPROBE_PATH', path: () => config.ffprobePath }]
      : [
          { source: 'PATH', path: () => 'ffprobe' },
          {
            source: '@ffprobe-installer/ffprobe',
            path: () => (require('@ffprobe-installer/ffprobe') as { path: string }).path,
          },
        ],
    faults,
  );
  for (const fault of faults) logger.error(fault);
  const found = ffmpeg && { ...ffmpeg, capabilities: await readCapabilities(ffmpeg) };
  if (found) logger.info('FFmpeg found', { ...found });
  if (ffprobe) logger.info('ffprobe found', { ...ffprobe });
  if (found && !found.capabilities.concatOptions) {
    logger.warn('this FFmpeg is older than 5.0: camera passwords stand in the process list while it records', {
      version: found.version,
    });
  }
  return new MediaTools(found, ffprobe, faults.length > 0 ? faults.join(' ') : null, nodeId);
}

async function findTool(name: string, candidates: Candidate[], faults: string[]): Promise<FoundTool | null> {
  const tried: string[] = [];
  for (const { source, path } of candidates) {
    try {
      const found = path();
      if (!found) continue;
      return { path: found, source, version: await readVersion(found) };
    } catch (error) {
      tried.push(`${source} (${messageOf(error).split('\n')[0]})`);
    }
  }
  faults.push(`${name} was not found: tried ${tried.join(', ')}. Install it or set ${name.toUpperCase()}_PATH.`);
  return null;
}

async function readVersion(path: string): Promise<string> {
  const { stdout } = await runExecutable(path, ['-version']);
  return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

async function readCapabilities({ path }: FoundTool): Promise<FfmpegCapabilities> {
  const rtsp = (await runExecutable(path, ['-hide_banner', '-h', 'demuxer=rtsp'])).stdout;
  const mp4 = (await runExecutable(path, ['-hide_banner', '-h', 'muxer=mp4'])).stdout;
  const x264 = (await runExecutable(path, ['-hide_banner', '-h', 'encoder=libx264'])).stdout;
  const options = (await runExecutable(path, ['-hide_banner', '-h', 'long'])).stdout;
  const modern = !rtsp.includes('-stimeout');
  return {
    rtspTimeoutOption: modern ? 'timeout' : 'stimeout',
    concatOptions: modern,
    skipTrailer: mp4.includes('skip_trailer'),
    h264Encoder: x264.includes('Encoder libx264'),
    frameRateMode: options.includes('-fps_mode') ? 'fps_mode' : 'vsync',
  };
}

/** Some package managers drop the executable bit of shipped binaries. */
async function runExecutable(path: string, args: string[]): Promise<{ stdout: string }> {
  try {
    return await runChild(path, args, { timeout: PROBE_TIMEOUT_MS });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    await chmod(path, 0o755);
    return runChild(path, args, { timeout: PROBE_TIMEOUT_MS });
  }
}
