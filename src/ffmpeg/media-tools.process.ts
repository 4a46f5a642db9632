import { chmod } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { runChild } from '../common/child.process.js';
import { messageOf } from '../common/errors.js';
import type { AppLogger } from '../common/logging.js';
import type { AppConfig } from '../config/app-config.js';
import { type FfmpegCapabilities, parseFullHelp } from './domain/capabilities.js';

const require = createRequire(import.meta.url);
/** The full help of FFmpeg 5.1 has 1.1 MB. */
const PROBE_LIMITS = { timeout: 10_000, maxBuffer: 16 << 20 };

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
  const [ffmpeg, ffprobe] = await Promise.all([
    findTool(
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
      askFfmpeg,
    ),
    findTool(
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
      askVersion,
    ),
  ]);
  const faults = [ffmpeg, ffprobe].flatMap(({ fault }) => fault ?? []);
  for (const fault of faults) logger.error(fault);
  if (ffmpeg.found) logger.info('FFmpeg found', { ...ffmpeg.found });
  if (ffprobe.found) logger.info('ffprobe found', { ...ffprobe.found });
  if (ffmpeg.found && !ffmpeg.found.capabilities.concatOptions) {
    logger.warn('this FFmpeg is older than 5.0: camera passwords stand in the process list while it records', {
      version: ffmpeg.found.version,
    });
  }
  return new MediaTools(ffmpeg.found, ffprobe.found, faults.length > 0 ? faults.join(' ') : null, nodeId);
}

async function findTool<Answers extends { version: string }>(
  name: string,
  candidates: Candidate[],
  ask: (path: string) => Promise<Answers>,
): Promise<{ found: ({ path: string; source: string } & Answers) | null; fault?: string }> {
  const tried: string[] = [];
  for (const { source, path } of candidates) {
    try {
      const found = path();
      if (found) return { found: { path: found, source, ...(await ask(found)) } };
    } catch (error) {
      tried.push(`${source} (${messageOf(error).split('\n')[0]})`);
    }
  }
  const fault = `${name} was not found: tried ${tried.join(', ')}. Install it or set ${name.toUpperCase()}_PATH.`;
  return { found: null, fault };
}

async function askVersion(path: string): Promise<{ version: string }> {
  return { version: versionIn(await runExecutable(path, ['-version'])) };
}

/** One question for everything: to load the libraries of a distribution's FFmpeg takes longer than any answer. */
async function askFfmpeg(path: string): Promise<{ version: string; capabilities: FfmpegCapabilities }> {
  const told = await runExecutable(path, ['-h', 'full']);
  return { version: versionIn(told), capabilities: parseFullHelp(told.stdout) };
}

/** It stands in the banner, which a tool that was asked for help writes to stderr. */
function versionIn({ stdout, stderr }: { stdout: string; stderr: string }): string {
  return /^\S+ version (\S+)/m.exec(`${stderr}\n${stdout}`)?.[1] ?? 'unknown';
}

/** Some package managers drop the executable bit of shipped binaries. */
async function runExecutable(path: string, args: string[]): Promise<{ stdout: string; stderr: string }> {
  try {
    return await runChild(path, args, PROBE_LIMITS);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    await chmod(path, 0o755);
    return runChild(path, args, PROBE_LIMITS);
  }
}
