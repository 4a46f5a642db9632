import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildAacTrack, parseAdts } from '../../../packages/virtual-camera/src/rtp/audio.js';
import { buildSampledTrack } from '../../../packages/virtual-camera/src/rtp/sampled-audio.js';
import { packetiseH264, parseAvcConfiguration } from '../../../packages/virtual-camera/src/rtp/h264.js';
import { packetiseH265, parseHevcConfiguration } from '../../../packages/virtual-camera/src/rtp/h265.js';
import { packetiseJpeg, parseJpeg } from '../../../packages/virtual-camera/src/rtp/jpeg.js';
import { buildPackets } from '../../../packages/virtual-camera/src/rtp/track.js';

/** Puts FU-A fragments together as a receiver does (RFC 6184, 5.8). */
function joinH264(payloads: Buffer[]): Buffer {
  if (payloads.length === 1) return payloads[0] ?? Buffer.alloc(0);
  const [first] = payloads;
  const header = ((first?.[0] ?? 0) & 0xe0) | ((first?.[1] ?? 0) & 0x1f);
  return Buffer.concat([Buffer.from([header]), ...payloads.map((payload) => payload.subarray(2))]);
}

/** The same for H.265 (RFC 7798, 4.4.3). */
function joinH265(payloads: Buffer[]): Buffer {
  if (payloads.length === 1) return payloads[0] ?? Buffer.alloc(0);
  const [h0 = 0, h1 = 0, fu = 0] = payloads[0] ?? [];
  const header = Buffer.from([(h0 & 0x81) | ((fu & 0x3f) << 1), h1]);
  return Buffer.concat([header, ...payloads.map((payload) => payload.subarray(3))]);
}

const bytes = (minLength: number) => fc.uint8Array({ minLength, maxLength: 400 }).map((array) => Buffer.from(array));

describe.each([
  ['packetiseH264', packetiseH264, joinH264, 1, 28, (payload: Buffer) => (payload[0] ?? 0) & 0x1f],
  ['packetiseH265', packetiseH265, joinH265, 2, 49, (payload: Buffer) => ((payload[0] ?? 0) >> 1) & 0x3f],
])('%s', (_name, packetise, join, fuHeaderAt, fuType, typeOf) => {
  it('makes payloads that are small enough and give the same NAL unit', () => {
    fc.assert(
      fc.property(bytes(3), fc.integer({ min: 8, max: 120 }), (unit, maxBytes) => {
        const payloads = packetise(unit, maxBytes);
        expect(payloads.every((payload) => payload.length <= maxBytes)).toBe(true);
        expect(join(payloads)).toEqual(unit);
      }),
    );
  });

  it('marks the first and the last fragment, and no other', () => {
    const payloads = packetise(Buffer.alloc(100, 0x61), 30);
    expect(payloads.map((payload) => (payload[fuHeaderAt] ?? 0) >> 6)).toEqual([2, 0, 0, 1]);
    expect(payloads.map(typeOf)).toEqual([fuType, fuType, fuType, fuType]);
  });
});

describe('parameter sets', () => {
  it('are read from avcC', () => {
    const avcC = Buffer.from([1, 0x64, 0, 0x1e, 0xff, 0xe1, 0, 3, 0x67, 1, 2, 1, 0, 2, 0x68, 9]);
    expect(parseAvcConfiguration(avcC)).toEqual([Buffer.from([0x67, 1, 2]), Buffer.from([0x68, 9])]);
  });

  it('are read from hvcC', () => {
    const array = (type: number, unit: number[]) => [type, 0, 1, 0, unit.length, ...unit];
    const hvcC = Buffer.from([
      ...new Array<number>(22).fill(0),
      2,
      ...array(32, [0x40, 1]),
      ...array(33, [0x42, 1, 7]),
    ]);
    expect(parseHevcConfiguration(hvcC)).toEqual([Buffer.from([0x40, 1]), Buffer.from([0x42, 1, 7])]);
  });
});

function jpegOf(scan: Buffer, { sampling = 0x22 } = {}): Buffer {
  const segment = (marker: number, body: number[]) => [
    0xff,
    marker,
    (body.length + 2) >> 8,
    (body.length + 2) & 255,
    ...body,
  ];
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    Buffer.from(segment(0xdb, [0, ...new Array<number>(64).fill(3), 1, ...new Array<number>(64).fill(5)])),
    Buffer.from(segment(0xc0, [8, 0, 96, 0, 160, 3, 1, sampling, 0, 2, 0x11, 1, 3, 0x11, 1])),
    Buffer.from(segment(0xda, [3, 1, 0, 2, 17, 3, 17, 0, 63, 0])),
    scan,
    Buffer.from([0xff, 0xd9]),
  ]);
}

describe('packetiseJpeg', () => {
  it('carries size, tables and scan in payloads that are small enough', () => {
    const scan = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
    const payloads = packetiseJpeg(jpegOf(scan), 300);
    let received = Buffer.alloc(0);
    payloads.forEach((payload, index) => {
      expect(payload.length).toBeLessThanOrEqual(300);
      expect(payload.readUInt32BE(0)).toBe(received.length);
      expect([...payload.subarray(4, 8)]).toEqual([1, 255, 20, 12]);
      received = Buffer.concat([received, payload.subarray(index === 0 ? 8 + 4 + 128 : 8)]);
    });
    expect(received).toEqual(scan);
    expect(payloads[0]?.readUInt16BE(10)).toBe(128);
    expect(payloads[0]?.subarray(12, 140)).toEqual(
      Buffer.from([...new Array<number>(64).fill(3), ...new Array<number>(64).fill(5)]),
    );
  });

  it('refuses what the payload format cannot carry', () => {
    expect(() => parseJpeg(jpegOf(Buffer.alloc(4), { sampling: 0x21 }))).toThrow('4:2:0');
    expect(() => parseJpeg(Buffer.from([0xff, 0xd8]))).toThrow('without a scan');
  });
});

describe('audio', () => {
  const adtsFrame = (payload: number[]) => {
    const size = payload.length + 7;
    const header = Buffer.from([0xff, 0xf1, 0x54, 0x40, 0, 0x1f, 0xfc]); // AAC-LC, 32 kHz, mono
    header.writeUIntBE((0x40 << 16) | (size << 5) | 0x1f, 3, 3);
    return Buffer.concat([header, Buffer.from(payload)]);
  };

  it('reads frames and configuration of ADTS', () => {
    const adts = parseAdts(Buffer.concat([adtsFrame([1, 2, 3]), adtsFrame([4])]));
    expect(adts.sampleRate).toBe(32_000);
    expect(adts.audioSpecificConfig.toString('hex')).toBe('1288');
    expect(adts.frames.map((frame) => [...frame])).toEqual([[1, 2, 3], [4]]);
  });

  it('puts an AU header before each AAC frame and leaves the priming frame out', () => {
    const frames = Array.from({ length: 127 }, (_, index) => adtsFrame([index, index]));
    const track = buildAacTrack(Buffer.concat(frames), 4);
    expect(track.units).toHaveLength(125);
    expect(track.loopTicks).toBe(4 * 32_000);
    expect([...(track.units[0]?.packets.subarray(16) ?? [])]).toEqual([0, 16, 0, 16, 1, 1]);
    expect(track.units[0]?.packets[5]).toBe(97 | 0x80);
  });

  it('cuts G.711 into packets of 20 ms', () => {
    const track = buildSampledTrack('pcmu', Buffer.alloc(40_000, 7), 4);
    expect(track.units).toHaveLength(200);
    expect(track.units[1]).toMatchObject({ timestamp: 160, dueMs: 40 });
    expect(track.units[0]?.packets).toHaveLength(4 + 12 + 160);
  });
});

describe('buildPackets', () => {
  it('frames each packet for the RTSP connection and marks the last', () => {
    const { packets, offsets } = buildPackets(96, [Buffer.from([1, 2]), Buffer.from([3])]);
    expect(offsets).toEqual([0, 18]);
    expect([packets[0], packets.readUInt16BE(2), packets[4], packets[5]]).toEqual([0x24, 14, 0x80, 96]);
    expect([packets[18], packets.readUInt16BE(20), packets[22], packets[23]]).toEqual([0x24, 13, 0x80, 96 | 0x80]);
    expect([packets[16], packets[17], packets[34]]).toEqual([1, 2, 3]);
  });
});
