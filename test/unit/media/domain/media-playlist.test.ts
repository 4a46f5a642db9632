import { describe, expect, it } from '@jest/globals';
import { finalTargetSec, formatPlaylist, planTargetSec } from '../../../../src/modules/media/domain/media-playlist.js';

const NOON_MS = Date.UTC(2026, 0, 31, 12);

describe('a media playlist', () => {
  it('of a recording that goes on', () => {
    const text = formatPlaylist({
      type: 'EVENT',
      isEnded: false,
      targetSec: 4,
      runs: [
        {
          initUri: 'init/7-a.mp4?expires=1&signature=s',
          segments: [
            { uri: 'segment/7-a-0.m4s?expires=1&signature=s', startAtMs: NOON_MS, durationMs: 2_000 },
            { uri: 'segment/7-a-2000.m4s?expires=1&signature=s', startAtMs: NOON_MS + 2_000, durationMs: 1_966.6667 },
          ],
        },
        {
          initUri: 'init/8-b.mp4?expires=1&signature=s',
          segments: [
            { uri: 'segment/8-b-0.m4s?expires=1&signature=s', startAtMs: NOON_MS + 9_000.4, durationMs: 2_000 },
          ],
        },
      ],
    });
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init/7-a.mp4?expires=1&signature=s"
#EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:00.000Z
#EXTINF:2.000000,
segment/7-a-0.m4s?expires=1&signature=s
#EXTINF:1.966667,
segment/7-a-2000.m4s?expires=1&signature=s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init/8-b.mp4?expires=1&signature=s"
#EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:09.000Z
#EXTINF:2.000000,
segment/8-b-0.m4s?expires=1&signature=s
`);
  });

  it('of a stored video', () => {
    const text = formatPlaylist({
      type: 'VOD',
      isEnded: true,
      targetSec: 2,
      runs: [
        {
          initUri: 'init/0.mp4',
          segments: [
            { uri: '../video', byteRange: { sizeBytes: 700, offset: 48 }, startAtMs: NOON_MS, durationMs: 2_000 },
            {
              uri: '../video',
              byteRange: { sizeBytes: 300, offset: 748 },
              startAtMs: NOON_MS + 2_000,
              durationMs: 480,
            },
          ],
        },
      ],
    });
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init/0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:00.000Z
#EXTINF:2.000000,
#EXT-X-BYTERANGE:700@48
../video
#EXTINF:0.480000,
#EXT-X-BYTERANGE:300@748
../video
#EXT-X-ENDLIST
`);
  });

  it('tells the date again where the clock of the camera has been corrected by more than a player would notice', () => {
    const at = (startAtMs: number) => ({ uri: `${startAtMs}`, startAtMs: NOON_MS + startAtMs, durationMs: 1_000 });
    const text = formatPlaylist({
      ...{ type: 'VOD', isEnded: true, targetSec: 1 },
      runs: [{ initUri: 'i', segments: [at(0), at(1_030), at(2_060), at(3_150), at(4_150)] }],
    });
    expect(text.match(/DATE-TIME:.*/g)).toEqual([
      'DATE-TIME:2026-01-31T12:00:00.000Z',
      'DATE-TIME:2026-01-31T12:00:03.150Z',
    ]);
  });
});

describe('the target duration', () => {
  it('is told by the first segments, and does not change when more come', () => {
    for (const durationsMs of [[2_000], [2_000, 9_000], [500, 4_000], [500, 4_000, 30_000], [10_000, 1_000]]) {
      const told = durationsMs.map((_one, index) => planTargetSec(durationsMs.slice(0, index + 1)));
      const known = told.filter((sec) => sec !== null);
      expect([durationsMs, new Set(known).size]).toEqual([durationsMs, 1]);
    }
  });

  it('is not known before two seconds, since a first key frame often comes out of turn', () => {
    expect(planTargetSec([])).toBeNull();
    expect(planTargetSec([300])).toBeNull();
    expect(planTargetSec([300, 4_000])).toBe(6);
  });

  it('leaves room for longer segments', () => {
    expect([1_000, 2_000, 4_000, 10_000].map((gopMs) => planTargetSec([gopMs, gopMs]))).toEqual([4, 4, 6, 15]);
  });

  it('of a whole playlist is not below its longest segment, nor below what was told while it grew', () => {
    expect(finalTargetSec([2_000, 8_200, 1_000])).toBe(9);
    expect(finalTargetSec([4_000, 4_000])).toBe(6);
    expect(finalTargetSec([700])).toBe(4);
    expect(finalTargetSec([])).toBe(4);
  });
});
