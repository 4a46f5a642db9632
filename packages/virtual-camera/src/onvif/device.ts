import type { Clip } from '../clip/clip.js';
import type { Faults } from '../faults.js';
import type { Oddities } from '../oddities/oddities.js';

/** What the ONVIF services know of the camera. */
export interface OnvifDevice {
  name: string;
  /** Stable for one camera: `urn:uuid:…`. */
  endpointReference: string;
  streams: ReadonlyMap<string, Clip>;
  rtspPort: number;
  /** Where the media services are, when that is another port than the device service's. */
  mediaPort?: number;
  /** `host` or `host:port` to answer in stream URIs instead of the real one. */
  streamUriHost: string | undefined;
  /** Ask for credentials for every action but the clock. */
  strictAuth: boolean;
  faults: Readonly<Faults>;
  oddities: Readonly<Oddities>;
  /** The device's clock. */
  now: () => Date;
}

/** A request, as a service sees it. */
export interface OnvifRequest {
  xml: string;
  /** Address at which the device was reached, and with it the base of its own URLs. */
  localHost: string;
  httpBase: string;
}

/** Answers one action with the content of the SOAP body; throws SoapFault. */
export type OnvifAction = (device: OnvifDevice, request: OnvifRequest) => string;

export const DEVICE_PATH = '/onvif/device_service';
export const MEDIA_PATH = '/onvif/media_service';
export const MEDIA2_PATH = '/onvif/media2_service';
export const SNAPSHOT_PATH = '/onvif/snapshot/';

/** Scopes by which the device describes itself, also in WS-Discovery. */
export function deviceScopes(device: OnvifDevice): string[] {
  const scope = (path: string) => `onvif://www.onvif.org/${path}`;
  return ['type/video_encoder', 'Profile/Streaming', 'hardware/Virtual', `name/${encodeURIComponent(device.name)}`].map(
    scope,
  );
}
