import type { Oddities, VirtualCameraOptions } from '@hindsight/virtual-camera';

/** A camera of the field, and what the product must make of it. */
export interface FieldCase {
  /** What is odd about it. */
  name: string;
  camera: VirtualCameraOptions;
  /** How the product is told of it. Default: by its stream address, the login beside it. */
  by?: 'onvif' | 'login-in-url';
  /** Settings of the camera in the service. */
  settings?: Record<string, unknown>;
  /** Recorded before the event, for so long; the event then has five seconds of pre-roll. */
  warmSec?: number;
  /** Length of the event. */
  eventSec?: number;
  expected: Expected;
}

export interface Expected {
  /** Codec of the pictures. Default h264. */
  codec?: string;
  /** How the file was made, and the size of its pictures, when it matters. */
  assembly?: string;
  resolution?: string;
  /** Whether there is sound to be heard in the video: `maybe` where silence and no track are both right. */
  sound?: boolean | 'maybe';
  /** Several sessions are right: something has to be tried first. Else a camera that is alive is opened once. */
  severalSessions?: true;
  /** The camera cannot be recorded: what the playback says of it. */
  failure?: { code: string; message: RegExp; cause: string };
}

/** Small pictures and short groups, which cost little; `odd` are the camera's oddities. */
export function camera(odd: Partial<Oddities> = {}, options: VirtualCameraOptions = {}): VirtualCameraOptions {
  const video = { width: 320, height: 180, bitrateKbps: 200, ...options.video };
  const streams = [{ name: 'main' }, { name: BARE_STREAM }];
  return { gopSec: 1, audio: 'none', streams, ...options, video, oddities: odd };
}

/** The same stream by another name, which FFmpeg alone records: so the camera tells the two clients apart. */
export const BARE_STREAM = 'bare';
