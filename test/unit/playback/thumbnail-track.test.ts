import { describe, expect, it } from '@jest/globals';
import { buildThumbnailTrack } from '../../../src/modules/playback/domain/thumbnail-track.js';

const TILE = { tileWidth: 160, tileHeight: 90 };

describe('buildThumbnailTrack', () => {
  it('covers the video without a hole, row by row', () => {
    const atMs = Array.from({ length: 12 }, (_, index) => index * 400_000);
    const track = buildThumbnailTrack({ columns: 10, rows: 2, ...TILE, atMs, durationMs: 4_500_123 }, 'sprite?a=b');
    const cues = track.split('\n\n');
    expect(cues[0]).toBe('WEBVTT');
    expect(cues).toHaveLength(13);
    expect(cues[10]).toBe('01:00:00.000 --> 01:06:40.000\nsprite?a=b#xywh=1440,0,160,90');
    expect(cues[12]).toBe('01:13:20.000 --> 01:15:00.123\nsprite?a=b#xywh=160,90,160,90\n');
  });

  it('gives even the last picture of all some time', () => {
    const layout = { columns: 1, rows: 1, ...TILE, atMs: [40], durationMs: 40 };
    expect(buildThumbnailTrack(layout, 'sprite')).toBe(
      'WEBVTT\n\n00:00:00.000 --> 00:00:00.041\nsprite#xywh=0,0,160,90\n',
    );
  });
});
