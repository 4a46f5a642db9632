import type { AppLogger } from '../../common/logging.js';
import type { StreamLocator } from '../camera/index.js';
import type { FragmentLog } from '../footage/index.js';
import type { MediaTools } from '../../ffmpeg/media-tools.process.js';
import type { CameraTrials } from './domain/camera-trials.js';
import type { CaptureFailure } from './domain/failure.js';
import type { LivenessLimits } from './domain/liveness.js';
import type { ToldJumps } from './domain/told-jumps.js';

export interface CaptureLimits extends LivenessLimits {
  connectTimeoutMs: number;
  stopTimeoutMs: number;
  fragmentMs: number;
  /** The longest pause after a refused login. */
  maxLoginPauseMs: number;
}

export interface CaptureDeps {
  locator: StreamLocator;
  tools: MediaTools;
  log: FragmentLog;
  limits: CaptureLimits;
  logger: AppLogger;
  nowMs: () => number;
  /** Of this stream, for all attempts. */
  jumps: ToldJumps;
  trials: CameraTrials;
  /** Why this node cannot record right now, or null. */
  refusal: () => Promise<CaptureFailure | null>;
}
