import { readFile } from 'node:fs/promises';
import { buildAacTrack } from '../rtp/audio.js';
import { buildH264Track } from '../rtp/h264.js';
import { buildH265Track } from '../rtp/h265.js';
import { buildJpegTrack } from '../rtp/jpeg.js';
import { buildOpusTrack } from '../rtp/opus.js';
import { buildSampledTrack } from '../rtp/sampled-audio.js';
import type { Track } from '../rtp/track.js';
import { parseMov } from '../mov/mov.js';
import { encodeAudio, encodeSnapshot, encodeVideo } from './encode.js';
import type { AudioCodec, SoundCodec, VideoParameters } from './parameters.js';
import { checkVideoParameters, loopSec } from './parameters.js';

/** A clip cut into RTP packets, ready to be sent round and round. Shared by all cameras that stream it. */
export interface Clip {
  video: VideoParameters;
  audio: AudioCodec;
  /** Frames in one loop: the counter runs from 0 to `loopLength - 1`. */
  loopLength: number;
  loopMs: number;
  /** The video track first. */
  tracks: Track[];
  /** The same frames in another size, which take turns with those of the video track. */
  otherSize?: Track;
  /** `fmtp` line with the parameter sets of another size. */
  staleSets?: string;
  snapshot: Buffer;
}

const loaded = new Map<string, Promise<Clip>>();

/** Encodes the clip, or takes it from the cache, and cuts it into packets. */
export function loadClip(video: VideoParameters, audio: AudioCodec): Promise<Clip> {
  const key = JSON.stringify([video, audio]);
  let clip = loaded.get(key);
  if (!clip) {
    clip = readClip(video, audio);
    clip.catch(() => loaded.delete(key));
    loaded.set(key, clip);
  }
  return clip;
}

async function readClip(video: VideoParameters, audio: AudioCodec): Promise<Clip> {
  checkVideoParameters(video);
  const durationSec = loopSec(video);
  const tracks = [await readVideo(video)];
  if (audio !== 'none') tracks.push(await readAudio(audio, durationSec));
  const snapshot = await readFile(await encodeSnapshot(video));
  return { video, audio, loopLength: durationSec * video.fps, loopMs: durationSec * 1000, tracks, snapshot };
}

async function readVideo(video: VideoParameters): Promise<Track> {
  const mov = parseMov(await readFile(await encodeVideo(video)));
  const expected = loopSec(video) * video.fps;
  if (mov.samples.length !== expected) throw new Error(`Clip has ${mov.samples.length} frames, not ${expected}`);
  switch (video.codec) {
    case 'h264':
      return buildH264Track(mov, video.fps);
    case 'h265':
      return buildH265Track(mov, video.fps);
    case 'mjpeg':
      return buildJpegTrack(mov, video.fps);
  }
}

async function readAudio(codec: SoundCodec, durationSec: number): Promise<Track> {
  const file = await readFile(await encodeAudio(codec, durationSec));
  if (codec === 'aac') return buildAacTrack(file, durationSec);
  return codec === 'opus' ? buildOpusTrack(file, durationSec) : buildSampledTrack(codec, file, durationSec);
}
