import { AppError } from '../../common/errors.js';
import { ffmpegMissing } from '../../ffmpeg/ffmpeg-missing.js';
import type { Camera } from '../../schema/camera.entity.js';
import { buildStreamUrl, describeStream, maskFor } from '../camera/index.js';
import { buildCaptureCommand } from './domain/ffmpeg-args.js';
import { chooseTracks, type TrackChoice } from './domain/track-choice.js';
import type { CaptureDeps } from './capture-deps.js';
import { FfmpegProcess } from './ffmpeg.process.js';

/** An FFmpeg that has been told to open a camera. */
export interface OpenedStream {
  ffmpeg: FfmpegProcess;
  tracks: TrackChoice;
}

/**
 * FFmpeg's own time-out for a camera that sends nothing, as a share of ours: it ends some five seconds later, having given all that it
 * held. A stalled one does not listen to SIGINT before.
 */
const IO_SHARE = 0.5;

/** How long FFmpeg waits for a camera that sends nothing, in milliseconds. */
export function ioTimeoutMs({ stallTimeoutMs }: { stallTimeoutMs: number }): number {
  return stallTimeoutMs * IO_SHARE;
}

/**
 * Finds a camera's stream, asks what it sends, and starts FFmpeg on the tracks that are to be recorded.
 * @returns null when `signal` aborts before FFmpeg runs
 * @throws AppError when the camera, or FFmpeg, cannot be used
 */
export async function openStream(camera: Camera, deps: CaptureDeps, signal: AbortSignal): Promise<OpenedStream | null> {
  const { locator, tools, limits, trials, logger } = deps;
  if (!tools.ffmpeg) {
    throw ffmpegMissing(tools.missing);
  }
  const location = await unlessAborted(locator.locate(camera), signal);
  if (!location) return null;
  const described = await unlessAborted(describeStream(location, { timeoutMs: limits.connectTimeoutMs }), signal);
  if (!described) return null;
  const { streams } = described;
  trials.describe(streams);
  const tracks = chooseTracks(streams, camera.recordAudio, trials);
  if (!tracks)
    throw new AppError({ code: 'CAMERA.NO_VIDEO', message: 'The stream holds no video that can be recorded.' });
  const command = buildCaptureCommand(
    {
      url: buildStreamUrl(location.url, location.username, location.password),
      ...tracks,
      stampArrivals: trials.stampsArrivals,
      looksLonger: trials.isSlowToShow,
      ioTimeoutMs: ioTimeoutMs(limits),
      fragmentMs: limits.fragmentMs,
    },
    tools.ffmpeg.capabilities,
  );
  const mask = maskFor(location);
  const ffmpeg = new FfmpegProcess(tools.ffmpeg.path, command, { nodeId: tools.nodeId, mask });
  logger.info('capture started', { pid: ffmpeg.pid, args: mask(command.args.join(' ')), streams });
  return { ffmpeg, tracks };
}

/** The result of `work`, or null as soon as `signal` aborts; the work then ends on its own, by its own time-out. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let abort = () => {};
  const aborted = new Promise<null>((resolve) => (abort = () => resolve(null)));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return signal.aborted ? (work.catch(() => undefined), null) : await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
