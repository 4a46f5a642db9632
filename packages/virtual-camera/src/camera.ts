import { CameraServers } from './camera-servers.js';
import type { CameraCore } from './camera-parts.js';
import { loadStreams, withCredentials } from './camera-parts.js';
import { CameraSwitches } from './camera-switches.js';
import { createRoutes } from './control/routes.js';
import { ControlServer } from './control/server.js';
import { NO_FAULTS } from './faults.js';
import { checkFaults } from './faults/check-faults.js';
import { checkOddities } from './oddities/check-oddities.js';
import { NO_ODDITIES } from './oddities/oddities.js';
import type { VirtualCameraOptions } from './options.js';
import { planStreams } from './options.js';
import { planPace } from './pace.js';
import { StatsRecorder } from './stats.js';
import { nowMs } from './timeline.js';
import type { VirtualCamera } from './virtual-camera.js';

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
