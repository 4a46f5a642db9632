import type { FfmpegCapabilities } from '../../../ffmpeg/domain/capabilities.js';
import type { Grid } from './preview-plan.js';

export const TILE_WIDTH = 160;
const MAX_THUMBNAIL_WIDTH = 640;
/** FFmpeg's scale from 2 (best) to 31: visually clean, a few tens of kilobytes. */
const THUMBNAIL_QUALITY = '4';
/** A hundred tiles together; nobody looks at one for long. */
const SPRITE_QUALITY = '6';

/** One thread each: nobody waits for a preview. */
const QUIET = ['-hide_banner', '-nostats', '-loglevel', 'error', '-filter_threads', '1', '-threads', '1'];
const PICTURES_IN = ['-f', 'mp4', '-i', 'pipe:0', '-map', '0:v:0'];
/** JPEG counts from 0 to 255, and knows square pixels alone. */
const AS_JPEG = 'format=yuvj420p,setsar=1';

/** Fragments on standard input, decoded to the end; of them the first picture at or after `afterMs` as JPEG on standard output. */
export function buildThumbnailArgs(afterMs: number, capabilities: FfmpegCapabilities): string[] {
  const first = `select='gte(t,${(afterMs / 1_000).toFixed(3)})*isnan(prev_selected_t)'`;
  const width = `2*trunc(min(${MAX_THUMBNAIL_WIDTH},iw*sar)/2)`;
  return [...QUIET, ...PICTURES_IN, ...jpegOut(`${first},${scale(width)}`, THUMBNAIL_QUALITY, capabilities)];
}

/** The pictures of the fragments on standard input, a second each, as tiles of one JPEG on standard output. */
export function buildSpriteArgs({ columns, rows }: Grid, capabilities: FfmpegCapabilities): string[] {
  // A picture that cannot be decoded must not move those behind it: the one before it is shown twice.
  const tiles = `fps=1:start_time=0:eof_action=pass,${scale(String(TILE_WIDTH))},tile=${columns}x${rows}`;
  return [...QUIET, ...PICTURES_IN, ...jpegOut(tiles, SPRITE_QUALITY, capabilities)];
}

/** Even in both directions, as shown: pixels of a camera need not be square. */
function scale(width: string): string {
  return `scale=w='${width}':h='max(2,2*trunc(ow/dar/2))':out_range=pc,${AS_JPEG}`;
}

function jpegOut(filter: string, quality: string, { frameRateMode }: FfmpegCapabilities): string[] {
  // No picture twice or left out, whatever their times.
  return ['-vf', filter, `-${frameRateMode}`, 'passthrough', '-c:v', 'mjpeg', '-q:v', quality, '-f', 'mjpeg', 'pipe:1'];
}
