import { describe, expect, it } from '@jest/globals';
import { buildOpusTrack, readOggPackets } from '../../../packages/virtual-camera/src/rtp/opus.js';

function page(segments: number[], fill: number): Buffer {
  const header = Buffer.alloc(27);
  header.write('OggS');
  header[26] = segments.length;
  const bytes = segments.reduce((sum, size) => sum + size, 0);
  return Buffer.concat([header, Buffer.from(segments), Buffer.alloc(bytes, fill)]);
}

describe('readOggPackets', () => {
  it('joins segments, also over the end of a page, and reads several packets of one page', () => {
    const packets = readOggPackets(Buffer.concat([page([10, 255], 1), page([5, 3], 2)]));
    expect(packets.map(({ length }) => length)).toEqual([10, 260, 3]);
  });

  it('ends a packet of whole segments with an empty one', () => {
    expect(readOggPackets(page([255, 0, 7], 1)).map(({ length }) => length)).toEqual([255, 7]);
  });
});

describe('buildOpusTrack', () => {
  it('leaves the two headers out and steps by 20 ms', () => {
    const track = buildOpusTrack(page([1, 1, ...Array.from({ length: 60 }, () => 9)], 3), 1);
    expect(track.units).toHaveLength(50);
    expect(track.units[1]).toMatchObject({ timestamp: 960, dueMs: 40 });
    expect(track.attributes).toEqual(['rtpmap:100 opus/48000/2']);
  });
});
