import { createHash } from 'node:crypto';
import { AuthGate } from './auth.js';
import type { AuthScheme } from './auth.js';
import type { Clip } from './clip/clip.js';
import { loadClip } from './clip/clip.js';
import { NO_FAULTS } from './faults.js';
import type { OnvifDevice } from './onvif/device.js';
import { DiscoveryResponder } from './onvif/discovery.js';
import { OnvifServer } from './onvif/server.js';
import { WsSecurity } from './onvif/ws-security.js';
import type { VirtualCameraOptions } from './options.js';
import { planStreams } from './options.js';
import { RtspServer } from './rtsp/server.js';
import type { CameraStats, SentFrameRecord } from './stats.js';
import { StatsRecorder } from './stats.js';
import { nowMs } from './timeline.js';

const REALM = 'Virtual Camera';
const DEFAULT_SLOW_CLIENT_MS = 10_000;
const DEFAULT_MAX_QUEUED_BYTES = 8 * 1024 * 1024;

export interface VirtualCamera {
  /** URL of the first stream, without credentials. */
  readonly rtspUrl: string;
  /** The same with credentials, percent-encoded, when the camera has any. */
  readonly rtspUrlWithCredentials: string;
  readonly rtspPort: number;
  readonly onvifHost: string;
  readonly onvifPort: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly onvifUsername: string | undefined;
  readonly onvifPassword: string | undefined;
  /** Frames in the first stream's loop: its counter runs from 0 to `loopLength - 1`. */
  readonly loopLength: number;
  readonly fps: number;
  /** URL of a stream by name, without credentials. */
  streamUrl(name: string): string;
  stats(): CameraStats;
  /** The latest video frames sent, oldest first, with the wall-clock time of each. */
  sentFrames(): SentFrameRecord[];
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
  /** Closes all connections and ports. */
  stop(): Promise<void>;
}

/** Starts a camera; its clips are encoded now unless the cache has them. */
export async function startVirtualCamera(options: VirtualCameraOptions = {}): Promise<VirtualCamera> {
  const streams = await loadStreams(options);
  const [firstStream] = streams;
  if (!firstStream) throw new RangeError('A camera needs a stream');
  const [firstName, { loopLength, loopMs, video }] = firstStream;
  const { host = '127.0.0.1', username, password } = options;
  const { onvifUsername = username, onvifPassword = password } = options;
  const startedAtMs = nowMs() - ((options.startFrame ?? 0) * 1000) / video.fps;
  const faults = { ...NO_FAULTS, ...options.faults };
  const stats = new StatsRecorder();
  const rtsp = new RtspServer(
    {
      ...{ streams, startedAtMs, faults, stats },
      auth: createAuthGate(username, password, options.authSchemes),
      startAt: options.startAtKeyFrame === 'instant' ? 'latest-key-frame' : 'next-key-frame',
      maxSessions: options.maxSessions ?? Infinity,
      slowClientMs: options.slowClientMs ?? DEFAULT_SLOW_CLIENT_MS,
      maxQueuedBytes: options.maxQueuedBytes ?? DEFAULT_MAX_QUEUED_BYTES,
    },
    host,
  );
  const services: { stop(): Promise<void> }[] = [rtsp];
  const stop = async () => void (await Promise.all(services.map((service) => service.stop())));
  try {
    const rtspPort = await rtsp.listen(options.rtspPort ?? 0);
    if (faults.refusing) await rtsp.refuse(true);
    const device = describeDevice(options, streams, rtspPort);
    const onvif = createOnvifServer(device, onvifUsername, onvifPassword, host);
    services.push(onvif);
    const onvifPort = await onvif.listen(options.onvifPort ?? 0);
    const discovery = new DiscoveryResponder(device, host, onvifPort);
    services.push(discovery);
    if (options.discovery) await discovery.start();

    const onvifHost = host === '0.0.0.0' ? '127.0.0.1' : host;
    const streamUrl = (name: string) => `rtsp://${onvifHost}:${rtspPort}/${name}`;
    const rtspUrl = streamUrl(firstName);
    return {
      ...{ rtspUrl, rtspPort, streamUrl, onvifHost, onvifPort, loopLength, fps: video.fps, stop },
      ...{ username, password, onvifUsername, onvifPassword },
      rtspUrlWithCredentials: withCredentials(rtspUrl, username, password),
      stats: () => stats.read(),
      sentFrames: () => stats.sentFrames(),
      frameTakenAtMs: (counter, loop) => startedAtMs + loop * loopMs + (counter * 1000) / video.fps,
      pause: () => void (faults.stalled = true),
      resume: () => void (faults.stalled = false),
      dropSessions: () => rtsp.drop(),
      refuse: (refusing) => rtsp.refuse(refusing),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function loadStreams(options: VirtualCameraOptions): Promise<Map<string, Clip>> {
  const streams = new Map<string, Clip>();
  for (const { name, video, audio } of planStreams(options)) streams.set(name, await loadClip(video, audio));
  return streams;
}

function describeDevice(options: VirtualCameraOptions, streams: Map<string, Clip>, rtspPort: number): OnvifDevice {
  const name = options.name ?? 'Virtual Camera';
  const { clockSkewMs = 0, streamUriHost, strictOnvifAuth: strictAuth = false } = options;
  const id = createHash('sha256').update(`${name}:${rtspPort}`).digest('hex');
  const uuid = [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20, 32)].join('-');
  const now = () => new Date(nowMs() + clockSkewMs);
  return { name, endpointReference: `urn:uuid:${uuid}`, streams, rtspPort, streamUriHost, strictAuth, now };
}

function createAuthGate(username: string | undefined, password: string | undefined, schemes?: AuthScheme[]): AuthGate {
  const credentials = password === undefined ? {} : { username: username ?? '', password };
  return new AuthGate({ realm: REALM, schemes: schemes ?? ['digest'], ...credentials });
}

function createOnvifServer(
  device: OnvifDevice,
  username = '',
  password: string | undefined,
  host: string,
): OnvifServer {
  const soap = password === undefined ? undefined : new WsSecurity({ username, password, deviceNow: device.now });
  return new OnvifServer(device, { http: createAuthGate(username, password), soap }, host);
}

function withCredentials(url: string, username: string | undefined, password: string | undefined): string {
  if (password === undefined) return url;
  return url.replace('://', `://${encodeURIComponent(username ?? '')}:${encodeURIComponent(password)}@`);
}
