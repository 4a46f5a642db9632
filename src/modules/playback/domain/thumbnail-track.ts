import type { SpriteLayout } from '../../../schema/sprite-layout.js';

/**
 * A WebVTT file that tells players which tile of a sprite shows which stretch of the video, each up to the next one. The part of a picture
 * is named by a media fragment (https://www.w3.org/TR/media-frags/#naming-space).
 * @param spriteUrl may be relative to the address of this file
 */
export function buildThumbnailTrack(layout: SpriteLayout, spriteUrl: string): string {
  const { columns, tileWidth, tileHeight, atMs, durationMs } = layout;
  const cues = atMs.map((startMs, index) => {
    const endMs = atMs[index + 1] ?? Math.max(durationMs, startMs + 1);
    const x = (index % columns) * tileWidth;
    const y = Math.floor(index / columns) * tileHeight;
    const span = `${formatTime(index === 0 ? 0 : startMs)} --> ${formatTime(endMs)}`;
    return `${span}\n${spriteUrl}#xywh=${x},${y},${tileWidth},${tileHeight}\n`;
  });
  return ['WEBVTT\n', ...cues].join('\n');
}

/** `01:02:03.004` */
function formatTime(ms: number): string {
  const whole = Math.round(ms);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const [hours, minutes, seconds] = [whole / 3_600_000, (whole / 60_000) % 60, (whole / 1_000) % 60];
  return `${two(hours)}:${two(minutes)}:${two(seconds)}.${String(whole % 1_000).padStart(3, '0')}`;
}
