import type { Clip } from './clip/clip.js';
import { loadClip } from './clip/clip.js';
import type { VideoParameters } from './clip/parameters.js';
import type { Oddities } from './oddities/oddities.js';
import type { StreamSetup } from './options.js';
import { SUB_STREAM_VIDEO } from './profiles.js';

const SMALL = { width: 320, height: 180, bitrateKbps: SUB_STREAM_VIDEO.bitrateKbps ?? 200 };
const LARGE = { width: 640, height: 360 };

/** The clip of a stream, with what the camera's oddities need beside it. */
export async function loadStream({ video, audio }: StreamSetup, oddities: Readonly<Oddities>): Promise<Clip> {
  const clip = await loadClip(video, audio);
  const { otherSize, parameterSets } = oddities;
  const other = otherSize === null ? undefined : await loadTrack(video, sizeOf(otherSize));
  const stale =
    parameterSets === 'stale' ? await loadTrack(video, video.width === SMALL.width ? LARGE : SMALL) : undefined;
  const staleSets = stale?.attributes.find((attribute) => attribute.startsWith('fmtp:'));
  return { ...clip, ...(other ? { otherSize: other } : {}), ...(staleSets ? { staleSets } : {}) };
}

async function loadTrack(video: VideoParameters, changes: Partial<VideoParameters>) {
  const { tracks } = await loadClip({ ...video, ...changes }, 'none');
  return tracks[0];
}

function sizeOf(text: string): { width: number; height: number } {
  const [width = 0, height = 0] = text.split('x').map(Number);
  return { width, height };
}
