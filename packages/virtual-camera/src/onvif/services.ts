import type { OnvifDevice, OnvifRequest } from './device.js';
import { DEVICE_PATH, MEDIA2_PATH, MEDIA_PATH } from './device.js';

/** What a server of the camera answers for: some cameras have their media services on a port of their own. */
export type OnvifRole = 'all' | 'device' | 'media';

const MEDIA_PATHS = { '1': MEDIA_PATH, '2': MEDIA2_PATH };

/** Whether the camera has this service, on this server. */
export function hasService({ oddities }: OnvifDevice, path: string, role: OnvifRole): boolean {
  if (path === DEVICE_PATH) return role !== 'media';
  if (role === 'device') return false;
  return oddities.onvifMedia === null || MEDIA_PATHS[oddities.onvifMedia] === path;
}

/** Base of the media services' URLs, as the device answers it. */
export function mediaBase({ mediaPort }: OnvifDevice, { httpBase }: OnvifRequest): string {
  return mediaPort === undefined ? httpBase : httpBase.replace(/:\d+$/, `:${mediaPort}`);
}
