import { CameraServers } from './camera-servers.js';
import type { CameraCore } from './camera-parts.js';
import { loadStreams, withCredentials } from './camera-parts.js';
import type { ChangeTime } from './camera-switches.js';
import { CameraSwitches } from './camera-switches.js';
import { createRoutes } from './control/routes.js';
import { ControlServer } from './control/server.js';
import { NO_FAULTS } from './faults.js';
import { checkFaults } from './faults/check-faults.js';
import type { FaultControl } from './faults/fault-panel.js';
import { checkOddities } from './oddities/check-oddities.js';
import { NO_ODDITIES } from './oddities/oddities.js';
import type { OddityControl } from './oddities/oddity-panel.js';
import type { VirtualCameraOptions } from './options.js';
import { planStreams } from './options.js';
import { planPace } from './pace.js';
import type { RebootOptions } from './reboot.js';
import type { SentPeriod, SentReport } from './sent-history.js';
import type { CameraStats, SentFrameRecord } from './stats.js';
import { StatsRecorder } from './stats.js';
import type { StreamChange } from './stream-change.js';
import { nowMs } from './timeline.js';

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

/** Starts a camera; its clips are encoded now unless the cache has them. */
export async function startVirtualCamera(options: VirtualCameraOptions = {}): Promise<VirtualCamera> {
  const setups = planStreams(options);
  const [first] = setups;
  if (!first) throw new RangeError('A camera needs a stream');
  const faults = { ...NO_FAULTS, ...checkFaults(options.faults ?? {}) };
  const oddities = { ...NO_ODDITIES, ...checkOddities(options.oddities ?? {}) };
  const streams = await loadStreams(setups, oddities);
  const pace = planPace(first.video.fps, oddities);
  const { fps } = pace;
  const startedAtMs = nowMs() - pace.msOf(options.startFrame ?? 0);
  const core: CameraCore = { streams, startedAtMs, faults, oddities, stats: new StatsRecorder(startedAtMs) };
  const servers = new CameraServers(core, options);
  const switches = new CameraSwitches(core, servers, first);
  const control = new ControlServer(options.controlHost);
  const stop = async () => {
    const rebooted = switches.stop();
    await Promise.all([servers.stop(), control.stop()]);
    await rebooted;
  };
  try {
    const { rtspPort, onvifPort, onvifHost } = await servers.start();
    const streamUrl = (name: string) => `rtsp://${onvifHost}:${rtspPort}/${name}`;
    const { username, password, onvifUsername = username, onvifPassword = password } = options;
    const rtspUrl = streamUrl(first.name);
    const loopLength = streams.get(first.name)?.loopLength ?? 0;
    let controlUrl: string | undefined;
    const camera: VirtualCamera = {
      ...{ rtspUrl, rtspPort, streamUrl, onvifHost, onvifPort, loopLength, fps, stop },
      ...{ username, password, onvifUsername, onvifPassword, faults: switches.faults },
      oddities: switches.oddities,
      rtspUrlWithCredentials: withCredentials(rtspUrl, username, password),
      get controlUrl() {
        return controlUrl;
      },
      get isOff() {
        return switches.isOff;
      },
      stats: () => core.stats.read(),
      sentFrames: () => core.stats.sentFrames(),
      sent: (period) => core.stats.history.read(period),
      frameTakenAtMs: (counter, loop) => startedAtMs + pace.msOf(loop * loopLength + counter),
      pause: () => switches.faults.put({ stalled: true }),
      resume: () => switches.faults.put({ stalled: false }),
      dropSessions: () => servers.rtsp.drop(),
      refuse: (refusing) => switches.faults.set({ refusing }),
      changeStream: (change, when) => switches.changeStream(change, when),
      reboot: async (asked) => (await switches.startReboot(asked)).back,
    };
    if (options.controlPort !== undefined) {
      controlUrl = await control.start(createRoutes(camera, switches), options.controlPort);
    }
    return camera;
  } catch (error) {
    await stop();
    throw error;
  }
}
