import { createHash } from 'node:crypto';
import { AuthGate } from './auth.js';
import type { AuthScheme } from './auth.js';
import type { Clip } from './clip/clip.js';
import type { Faults } from './faults.js';
import { loadStream } from './load-stream.js';
import type { Oddities } from './oddities/oddities.js';
import type { OnvifDevice } from './onvif/device.js';
import { OnvifServer } from './onvif/server.js';
import type { OnvifRole } from './onvif/services.js';
import { WsSecurity } from './onvif/ws-security.js';
import type { StreamSetup, VirtualCameraOptions } from './options.js';
import type { RtspCamera } from './rtsp/rtsp-camera.js';
import { RtspServer } from './rtsp/server.js';
import type { StatsRecorder } from './stats.js';
import { nowMs } from './timeline.js';

const REALM = 'Virtual Camera';
const DEFAULT_SLOW_CLIENT_MS = 10_000;
const DEFAULT_MAX_QUEUED_BYTES = 8 * 1024 * 1024;

/** What the servers of one camera share. */
export interface CameraCore {
  streams: Map<string, Clip>;
  startedAtMs: number;
  faults: Faults;
  oddities: Oddities;
  stats: StatsRecorder;
}

export async function loadStreams(
  setups: readonly StreamSetup[],
  oddities: Readonly<Oddities>,
): Promise<Map<string, Clip>> {
  const streams = new Map<string, Clip>();
  for (const setup of setups) streams.set(setup.name, await loadStream(setup, oddities));
  return streams;
}

export function createRtspServer(core: CameraCore, options: VirtualCameraOptions, host: string): RtspServer {
  const camera: RtspCamera = {
    ...core,
    auth: createAuthGate(options, core.oddities),
    ...(options.editSdp ? { editSdp: options.editSdp } : {}),
    startAt: options.startAtKeyFrame === 'instant' ? 'latest-key-frame' : 'next-key-frame',
    maxSessions: options.maxSessions ?? Infinity,
    slowClientMs: options.slowClientMs ?? DEFAULT_SLOW_CLIENT_MS,
    maxQueuedBytes: options.maxQueuedBytes ?? DEFAULT_MAX_QUEUED_BYTES,
  };
  return new RtspServer(camera, host);
}

export function describeDevice(core: CameraCore, options: VirtualCameraOptions, rtspPort: number): OnvifDevice {
  const { streams, faults, oddities } = core;
  const { name = 'Virtual Camera', clockSkewMs = 0, streamUriHost, strictOnvifAuth: strictAuth = false } = options;
  const id = createHash('sha256').update(`${name}:${rtspPort}`).digest('hex');
  const uuid = [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20, 32)].join('-');
  const now = () => new Date(nowMs() + clockSkewMs + faults.clockJumpSec * 1000);
  return {
    name,
    endpointReference: `urn:uuid:${uuid}`,
    streams,
    rtspPort,
    streamUriHost,
    strictAuth,
    faults,
    oddities,
    now,
  };
}

interface Login {
  username?: string | undefined;
  password?: string | undefined;
  authSchemes?: AuthScheme[] | undefined;
}

/** Without a password of its own, ONVIF has the credentials of RTSP. */
export function createOnvifServer(
  device: OnvifDevice,
  options: VirtualCameraOptions,
  host: string,
  role: OnvifRole = 'all',
): OnvifServer {
  const { onvifUsername: username = options.username ?? '', onvifPassword: password = options.password } = options;
  const soap = password === undefined ? undefined : new WsSecurity({ username, password, deviceNow: device.now });
  const http = createAuthGate({ username, password, authSchemes: ['digest'] }, device.oddities);
  return new OnvifServer(device, { http, soap }, host, role);
}

export function withCredentials(url: string, username: string | undefined, password: string | undefined): string {
  if (password === undefined) return url;
  return url.replace('://', `://${encodeURIComponent(username ?? '')}:${encodeURIComponent(password)}@`);
}

function createAuthGate(
  { username, password, authSchemes }: Login,
  { realm, realmCharset, digests, digestQop }: Readonly<Oddities>,
): AuthGate {
  return new AuthGate({
    realm: realm ?? REALM,
    schemes: authSchemes ?? ['digest'],
    ...(password === undefined ? {} : { username: username ?? '', password }),
    ...(realmCharset === null ? {} : { realmCharset: 'latin1' }),
    ...(digests === null ? {} : { algorithms: digests.split(',') }),
    ...(digestQop === null ? {} : { qop: digestQop }),
  });
}
