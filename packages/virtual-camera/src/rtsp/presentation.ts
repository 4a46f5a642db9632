import type { Clip } from '../clip/clip.js';
import { BLANK_PATH_ENCODED } from '../oddities/blank-path.js';
import type { RtspResponse } from './message.js';
import { arrangeTracks } from './arrange-tracks.js';
import type { RtspCamera } from './rtsp-camera.js';
import { buildSdp } from './sdp.js';
import { spoilSdp } from './spoil-sdp.js';

/** Takes apart `rtsp://host:port/<stream>[/trackID=n]`. */
export function parseStreamUri(uri: string): { streamName: string; trackIndex?: number } {
  const path = uri
    .replace(/^rtsps?:\/\/[^/]*/i, '')
    .replace(/\?[^/]*/, '')
    .replace(BLANK_PATH_ENCODED, '');
  const match = /^\/?([^/]*?)\/?(?:\/trackID=(\d+))?\/?$/.exec(path);
  const streamName = match?.[1] ?? '';
  return match?.[2] === undefined ? { streamName } : { streamName, trackIndex: Number(match[2]) };
}

/** The stream as the camera announces it; undefined when there is none of that name. */
export function presentClip(camera: RtspCamera, streamName: string): Clip | undefined {
  const clip = camera.streams.get(streamName);
  return clip && { ...clip, tracks: arrangeTracks(clip, camera.oddities) };
}

/** Answer to DESCRIBE; `address` is the camera's own. */
export function describeClip(
  camera: RtspCamera,
  clip: Clip,
  { uri, streamName, address }: { uri: string; streamName: string; address: string },
): RtspResponse {
  const base = uri.replace(/\?.*$/, '').replace(/\/?$/, '/');
  const sdp = spoilSdp(buildSdp(streamName, address, clip.tracks), base, camera.oddities);
  const headers = { 'Content-Base': base, 'Content-Type': 'application/sdp' };
  return { status: 200, headers, body: camera.editSdp?.(sdp) ?? sdp };
}
