import type { ErrorCode } from '../../../common/error-catalogue.js';
import type { StreamInfo } from '../../camera/index.js';
import type { CaptureFailure } from './failure.js';
import { hasOtherVideo, type TrackTrials } from './track-choice.js';

/** The camera refuses to set a track up, for another reason than that it knows us not or is full (libavformat/rtsp.c). */
const SETUP_REFUSED = /method SETUP failed: (?!401|403|453|454|503)\d{3}\b/;
/** It has looked for as long as it usually does, and heard no picture (libavformat/mux.c, `avformat_write_header`). */
const LOOKED_IN_VAIN = /Could not write header .*incorrect codec parameters/;
/** What a session without one picture fails with. */
const WITHOUT_PICTURES = new Set<ErrorCode>([
  'RECORDING.NO_PICTURES',
  'RECORDING.LOOK_TIMEOUT',
  'RECORDING.FFMPEG_FAILED',
]);

/** How an attempt went. */
export interface Attempted {
  videoIndex: number;
  hadSound: boolean;
  failure: CaptureFailure;
  /** FFmpeg's last lines. */
  stderr: readonly string[];
}

/**
 * What was found out about a camera by trying, over all sessions with it, as long as it describes its stream alike: a track that is
 * refused, or announced and never sent, is left out the next time.
 */
export class CameraTrials implements TrackTrials {
  readonly emptyVideos = new Set<number>();
  isSoundRefused = false;
  /** All its pictures have the same time. */
  stampsArrivals = false;
  /** Its pictures come only seconds after PLAY: FFmpeg must look at it for longer than usual. */
  isSlowToShow = false;
  private described = '';
  private streams: readonly StreamInfo[] = [];

  /** Before each attempt: what the camera says it sends. */
  describe(streams: readonly StreamInfo[]): void {
    const described = JSON.stringify(streams);
    if (described !== this.described) this.forget();
    this.described = described;
    this.streams = streams;
  }

  /** @returns whether the next attempt will be another one, so that it need not wait */
  learn({ videoIndex, hadSound, failure, stderr }: Attempted): boolean {
    if (failure.wasKilled) return false;
    if (failure.code === 'RECORDING.EQUAL_TIMES') return (this.stampsArrivals = true);
    if (stderr.some((line) => SETUP_REFUSED.test(line))) {
      if (hadSound && !this.isSoundRefused) return (this.isSoundRefused = true);
      // It was not the sound.
      this.isSoundRefused = false;
      return false;
    }
    const hasLookedInVain = stderr.some((line) => LOOKED_IN_VAIN.test(line));
    if (!hasLookedInVain && !WITHOUT_PICTURES.has(failure.code)) return false;
    const isOther = hasOtherVideo(this.streams, this);
    if (isOther) this.emptyVideos.add(videoIndex);
    else if (hasLookedInVain && !this.isSlowToShow) return (this.isSlowToShow = true);
    else this.emptyVideos.clear();
    return isOther;
  }

  /** Another video track could be tried instead of one that gives nothing. */
  get hasOtherVideo(): boolean {
    return hasOtherVideo(this.streams, this);
  }

  private forget(): void {
    this.emptyVideos.clear();
    this.isSoundRefused = false;
    this.stampsArrivals = false;
    this.isSlowToShow = false;
  }
}
