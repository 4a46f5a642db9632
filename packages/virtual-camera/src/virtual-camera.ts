import type { ChangeTime } from './camera-switches.js';
import type { FaultControl } from './faults/fault-panel.js';
import type { OddityControl } from './oddities/oddity-panel.js';
import type { RebootOptions } from './reboot.js';
import type { SentPeriod, SentReport } from './sent-history.js';
import type { CameraStats, SentFrameRecord } from './stats.js';
import type { StreamChange } from './stream-change.js';

export interface VirtualCamera {
  /** URL of the first stream, without credentials. */
  readonly rtspUrl: string;
  /** The same with credentials, percent-encoded, when the camera has any. */
  readonly rtspUrlWithCredentials: string;
  readonly rtspPort: number;
  readonly onvifHost: string;
  readonly onvifPort: number;
  /** Where faults are set over HTTP, when the camera has a control port. */
  readonly controlUrl: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly onvifUsername: string | undefined;
  readonly onvifPassword: string | undefined;
  /** Frames in the first stream's loop: its counter runs from 0 to `loopLength - 1`. */
  readonly loopLength: number;
  /** Pictures taken per second, on average. */
  readonly fps: number;
  /** It is rebooting: its ports are closed. */
  readonly isOff: boolean;
  /** Sets and clears faults at any moment. */
  readonly faults: FaultControl;
  /** Changes how the camera is, as far as that is not decided at its start. */
  readonly oddities: OddityControl;
  /** URL of a stream by name, without credentials. */
  streamUrl(name: string): string;
  stats(): CameraStats;
  /** The latest video frames sent, oldest first, with the wall-clock time of each. */
  sentFrames(): SentFrameRecord[];
  /** Which frames went to which session, for hours back, as ranges. */
  sent(period?: SentPeriod): SentReport;
  /** Wall-clock time at which a frame of the first stream is, was or would have been taken. */
  frameTakenAtMs(counter: number, loop: number): number;
  /** Stalls: connections stay open, no media comes. */
  pause(): void;
  /** Ends a stall; the stream goes on at the present time. */
  resume(): void;
  /** Closes every RTSP connection. */
  dropSessions(): void;
  /** `true`: no new RTSP connection is accepted, and DESCRIBE answers 503; `false`: all is well again. */
  refuse(refusing: boolean): Promise<void>;
  /**
   * Changes codec, size, GOP, bit rate or audio of the first stream; `{}` undoes it. With `now`, the default, all
   * RTSP connections are closed, as cameras do; with `next-session` open sessions go on as they are.
   */
  changeStream(change: StreamChange, when?: ChangeTime): Promise<void>;
  /** Closes all ports, resets all connections, and is back on the same ports after `forSec`: then it resolves. */
  reboot(options: RebootOptions): Promise<void>;
  /** Closes all connections and ports. */
  stop(): Promise<void>;
}
