import { describe, expect, it } from '@jest/globals';
import type { Clip } from '../../../packages/virtual-camera/src/clip/clip.js';
import { VIDEO_DEFAULTS } from '../../../packages/virtual-camera/src/clip/parameters.js';
import type { Faults } from '../../../packages/virtual-camera/src/faults.js';
import { NO_FAULTS } from '../../../packages/virtual-camera/src/faults.js';
import type { Oddities } from '../../../packages/virtual-camera/src/oddities/oddities.js';
import { NO_ODDITIES } from '../../../packages/virtual-camera/src/oddities/oddities.js';
import { buildPackets } from '../../../packages/virtual-camera/src/rtp/track.js';
import type { Track } from '../../../packages/virtual-camera/src/rtp/track.js';
import type { SentFrame, StartAt } from '../../../packages/virtual-camera/src/rtsp/sender.js';
import { MediaSender } from '../../../packages/virtual-camera/src/rtsp/sender.js';

const STARTED_AT_MS = 1_700_000_000_000;

/** Four frames of 250 ms, a key frame every second one; audio in packets of 500 ms. Each video frame is two packets. */
function tinyClip(): Clip {
  const video: Track = {
    ...{ kind: 'video', payloadType: 96, clockRate: 90_000, loopTicks: 90_000, attributes: [] },
    units: [0, 1, 2, 3].map((index) => ({
      ...buildPackets(96, [Buffer.from([index]), Buffer.from([index])]),
      ...{ keyFrame: index % 2 === 0, timestamp: index * 22_500, dueMs: index * 250, counter: index },
    })),
  };
  const audio: Track = {
    ...{ kind: 'audio', payloadType: 0, clockRate: 8000, loopTicks: 8000, attributes: [] },
    units: [0, 1].map((index) => ({
      ...buildPackets(0, [Buffer.from([0xa0 + index])]),
      ...{ keyFrame: true, timestamp: index * 4000, dueMs: (index + 1) * 500, counter: index },
    })),
  };
  return {
    ...{ video: VIDEO_DEFAULTS, audio: 'pcmu', loopLength: 4, loopMs: 1000, snapshot: Buffer.alloc(0) },
    tracks: [video, audio],
  };
}

interface Packet {
  channel: number;
  type: number;
  sequence: number;
  timestamp: number;
  payload: number[];
}

function parse(bytes: Buffer | undefined): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; bytes && at < bytes.length; at += 4 + bytes.readUInt16BE(at + 2)) {
    expect(bytes[at]).toBe(0x24);
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    packets.push({
      channel: bytes.readUInt8(at + 1),
      type: bytes.readUInt8(at + 5),
      sequence: bytes.readUInt16BE(at + 6),
      timestamp: bytes.readUInt32BE(at + 8),
      payload: [...bytes.subarray(at + 16, end)],
    });
  }
  return packets;
}

function start(
  atMs: number,
  startAt: StartAt = 'next-key-frame',
  changes: Partial<Faults> = {},
  odd: Partial<Oddities> = {},
) {
  const faults = { ...NO_FAULTS, ...changes };
  const oddities = { ...NO_ODDITIES, ...odd };
  const frames: SentFrame[] = [];
  const sender = new MediaSender(tinyClip(), { startedAtMs: STARTED_AT_MS, faults, oddities }, (frame) =>
    frames.push(frame),
  );
  sender.addTrack(0, 0);
  sender.addTrack(1, 2);
  const position = sender.seek(STARTED_AT_MS + atMs, startAt);
  const take = (ms: number) => parse(sender.takeDue(STARTED_AT_MS + ms));
  return { sender, frames, position, take, faults };
}

const isMedia = ({ channel }: Packet) => channel % 2 === 0;

describe('MediaSender', () => {
  it('sends a report of each track first, before any media', () => {
    const { take } = start(100);
    expect(take(100).map(({ channel, type }) => [channel, type])).toEqual([
      [1, 200],
      [3, 200],
    ]);
  });

  it('relates wall clock and RTP time in its reports as in the media', () => {
    const { sender, position } = start(100);
    const bytes = sender.takeDue(STARTED_AT_MS + 100) ?? Buffer.alloc(0);
    const ntpMs = (bytes.readUInt32BE(12) - 2_208_988_800) * 1000 + (bytes.readUInt32BE(16) / 2 ** 32) * 1000;
    expect(ntpMs).toBeCloseTo(STARTED_AT_MS + 100, 0);
    // The first frame sent is the one taken 400 ms after the report.
    expect((position[0]?.timestamp ?? 0) - bytes.readUInt32BE(20)).toBe(0.4 * 90_000);
  });

  it('waits for the next key frame, and lets audio begin there', () => {
    const { take, frames } = start(300);
    expect(take(490).filter(isMedia)).toEqual([]);
    expect(
      take(500)
        .filter(isMedia)
        .map(({ payload }) => payload[0]),
    ).toEqual([2, 2]);
    expect(frames).toEqual([
      { counter: 2, loop: 0, frame: 2, keyFrame: true, sentAtMs: STARTED_AT_MS + 500, packetsLost: 0 },
    ]);
  });

  it('begins at the latest key frame when told so, with everything since', () => {
    const { take } = start(1300, 'latest-key-frame');
    expect(
      take(1300)
        .filter(isMedia)
        .map(({ payload }) => payload[0]),
    ).toEqual([0, 0, 1, 1]);
  });

  it('numbers packets without a gap and goes on in time over the end of the loop', () => {
    const { take, position, frames } = start(100);
    const packets = take(2600).filter(isMedia);
    const video = packets.filter(({ channel }) => channel === 0);
    const first = position[0] ?? { sequence: 0, timestamp: 0 };
    expect(video.map(({ sequence }) => sequence)).toEqual(video.map((_, index) => (first.sequence + index) & 0xffff));
    expect(video.map(({ timestamp }) => timestamp)).toEqual(
      video.map((_, index) => (first.timestamp + Math.floor(index / 2) * 22_500) % 2 ** 32),
    );
    expect(frames.map(({ counter, loop }) => `${loop}:${counter}`).slice(0, 5)).toEqual([
      '0:2',
      '0:3',
      '1:0',
      '1:1',
      '1:2',
    ]);
  });

  it('sends the tracks in the order of their time', () => {
    const { take } = start(100);
    const order = take(1500)
      .filter(isMedia)
      .map(({ payload }) => payload[0]);
    expect(order).toEqual([2, 2, 3, 3, 0, 0, 0xa1, 1, 1, 2, 2, 0xa0]);
  });

  it('keeps the packet numbers, and leaves time out, when it goes on after a stall', () => {
    const { take, sender, frames } = start(100);
    const before = take(500).filter(isMedia).at(-1);
    sender.seek(STARTED_AT_MS + 5100, 'next-key-frame');
    const after = take(5500).filter(isMedia)[0];
    expect(((after?.sequence ?? 0) - (before?.sequence ?? 0)) & 0xffff).toBe(1);
    expect((after?.timestamp ?? 0) - (before?.timestamp ?? 0)).toBe(5 * 90_000);
    expect(frames.at(-1)).toMatchObject({ counter: 2, loop: 5, frame: 22 });
  });

  it('takes nothing twice', () => {
    const { take } = start(100);
    take(700);
    expect(take(700)).toEqual([]);
  });

  it.each([7, -7])('lets RTP time jump by %d s while the packet numbers go on, and back again', (timestampJumpSec) => {
    const { take, faults } = start(100);
    const first = take(500).filter(({ channel }) => channel === 0);
    Object.assign(faults, { timestampJumpSec });
    const second = take(750).filter(({ channel }) => channel === 0);
    Object.assign(faults, NO_FAULTS);
    const third = take(1000).filter(({ channel }) => channel === 0);
    const ticks = [first, second, third].map(([packet]) => packet?.timestamp ?? 0);
    expect((ticks[1] ?? 0) - (ticks[0] ?? 0)).toBe(22_500 + timestampJumpSec * 90_000);
    expect((ticks[2] ?? 0) - (ticks[0] ?? 0)).toBe(2 * 22_500);
    expect(((second[0]?.sequence ?? 0) - (first.at(-1)?.sequence ?? 0)) & 0xffff).toBe(1);
  });

  it('keeps RTP times within 32 bits when they jump over zero', () => {
    const { take } = start(100, 'next-key-frame', { timestampJumpSec: -20_000 });
    // Writing a number that does not fit would throw.
    expect(take(2600).filter(isMedia).length).toBeGreaterThan(10);
  });

  it('lets the clock of its reports jump, and not the media', () => {
    const { sender } = start(100, 'next-key-frame', { clockJumpSec: -3600 });
    const bytes = sender.takeDue(STARTED_AT_MS + 100) ?? Buffer.alloc(0);
    expect((bytes.readUInt32BE(12) - 2_208_988_800) * 1000).toBe(STARTED_AT_MS - 3_600_000);
  });

  it('has a clock of its own for the sound', () => {
    const { sender } = start(100, 'next-key-frame', { soundClockAheadSec: -3600 });
    const bytes = sender.takeDue(STARTED_AT_MS + 100) ?? Buffer.alloc(0);
    const clocks = [12, 64].map((at) => (bytes.readUInt32BE(at) - 2_208_988_800) * 1000);
    expect(clocks).toEqual([STARTED_AT_MS, STARTED_AT_MS - 3_600_000]);
  });

  it('begins with the sound, and reports late, when it is told to', () => {
    const { take } = start(100, 'next-key-frame', { soundFirst: true, firstReportDelayMs: 900 });
    const packets = take(999);
    expect(packets.map(({ channel, payload }) => [channel, payload[0]])).toEqual([
      [0, 2],
      [0, 2],
      // Else the first sound after a key frame.
      [2, 0xa0],
      [0, 3],
      [0, 3],
    ]);
    expect(
      take(1_000)
        .map(({ channel, type }) => [channel, type])
        .slice(0, 2),
    ).toEqual([
      [3, 200],
      [1, 200],
    ]);
  });

  it('loses the share of packets that it is told to, the same in each session', () => {
    const run = (seed: number) => {
      const { take, frames, position } = start(100, 'next-key-frame', { packetLoss: 0.25, packetLossSeed: seed });
      const first = position[0]?.sequence ?? 0;
      const video = take(200_000).filter(({ channel }) => channel === 0);
      return { frames, numbers: video.map(({ sequence }) => (sequence - first) & 0xffff) };
    };
    const [one, again, other] = [run(1), run(1), run(2)];
    expect(again.numbers).toEqual(one.numbers);
    expect(other.numbers).not.toEqual(one.numbers);
    const lost = one.frames.reduce((sum, { packetsLost }) => sum + packetsLost, 0);
    expect(lost).toBe(one.frames.length * 2 - one.numbers.length);
    expect(lost / (one.frames.length * 2)).toBeCloseTo(0.25, 1);
    const arrived = new Set(one.numbers);
    one.frames.forEach(({ packetsLost }, index) => {
      const missing = [2 * index, 2 * index + 1].filter((number) => !arrived.has(number));
      expect(missing).toHaveLength(packetsLost);
    });
  });

  it('loses nothing or everything at the ends of the scale', () => {
    const { take, faults } = start(100, 'next-key-frame', { packetLoss: 1 });
    expect(take(2000).filter(isMedia)).toEqual([]);
    faults.packetLoss = 0;
    expect(take(2250).filter(({ channel }) => channel === 0)).toHaveLength(2);
  });

  it('lets the sound begin later or earlier than the pictures, and end', () => {
    const late = start(100, 'next-key-frame', {}, { soundStartSec: 1 }).take(2100).filter(isMedia);
    // Pictures from 500 ms on, sound from 1,500 ms on: its first packet is that of the half second after.
    expect(late.filter(({ channel }) => channel === 2)).toHaveLength(1);
    const early = start(100, 'next-key-frame', {}, { soundStartSec: -1 }).take(2100).filter(isMedia);
    expect(early[0]?.channel).toBe(2);
    expect(early.filter(({ channel }) => channel === 0)[0]?.payload).toEqual([2]);
    expect(early.filter(({ channel }) => channel === 0)).toHaveLength(2 * 3);
    const ended = start(100, 'next-key-frame', {}, { soundStopSec: 1 }).take(5100).filter(isMedia);
    expect(ended.filter(({ channel }) => channel === 2)).toHaveLength(1);
  });

  it('announces sound that never comes, without a report of it', () => {
    const packets = start(100, 'next-key-frame', {}, { soundNever: true }).take(9000);
    expect(packets.some(({ channel }) => channel >= 2)).toBe(false);
    expect(packets.filter(isMedia).length).toBeGreaterThan(20);
  });

  it('apart from a stall, sound and pictures go on together', () => {
    const { sender, take } = start(100, 'next-key-frame', {}, { soundStartSec: 100 });
    take(500);
    sender.seek(STARTED_AT_MS + 5100, 'next-key-frame');
    expect(take(6100).some(({ channel }) => channel === 2)).toBe(true);
  });

  it('stamps as if more pictures were sent than there are, and reports the same line', () => {
    const { take, position, frames } = start(
      0,
      'latest-key-frame',
      {},
      { sentFps: 2, stampedFps: 4, reportEverySec: 1 },
    );
    const packets = take(2000);
    expect(frames.map(({ frame }) => frame)).toEqual([0, 1, 2, 3, 4]);
    const first = position[0]?.timestamp ?? 0;
    const times = packets.filter(({ channel }) => channel === 0).map(({ timestamp }) => timestamp - first);
    expect(times.filter((_, index) => index % 2 === 0)).toEqual([0, 22_500, 45_000, 67_500, 90_000]);
  });

  it('reports on the stamped line what the wall clock says', () => {
    const { sender, position } = start(0, 'latest-key-frame', {}, { sentFps: 2, stampedFps: 4 });
    const bytes = sender.takeDue(STARTED_AT_MS + 1000) ?? Buffer.alloc(0);
    // After one second two pictures were taken, which half a second of stamps stands for.
    expect(bytes.readUInt32BE(20) - (position[0]?.timestamp ?? 0)).toBe(45_000);
  });

  it('gives all pictures one stamp', () => {
    const video = start(0, 'latest-key-frame', {}, { stampsEqual: true })
      .take(3000)
      .filter(({ channel }) => channel === 0);
    expect(new Set(video.map(({ timestamp }) => timestamp)).size).toBe(1);
  });

  it('shakes the stamps, and not the order of sending', () => {
    const { take, position } = start(0, 'latest-key-frame', {}, { stampJitterMs: 30 });
    const video = take(20_000).filter(({ channel }, index) => channel === 0 && index % 2 === 0);
    const off = video.map(({ timestamp }, index) => timestamp - (position[0]?.timestamp ?? 0) - index * 22_500);
    expect(Math.max(...off.map(Math.abs))).toBeLessThanOrEqual(2 * 2700);
    expect(new Set(off).size).toBeGreaterThan(10);
  });

  it('lets RTP time pass 2^32, and packet numbers 2^16, when it is told to', () => {
    const odd = { rtpWrapSec: 1, firstSequence: 65_534 };
    const video = start(0, 'latest-key-frame', {}, odd)
      .take(2000)
      .filter(({ channel }) => channel === 0);
    expect(video.map(({ sequence }) => sequence).slice(0, 4)).toEqual([65_534, 65_535, 0, 1]);
    const times = video.filter((_, index) => index % 2 === 0).map(({ timestamp }) => timestamp);
    expect(times.slice(2, 6)).toEqual([2 ** 32 - 45_000, 2 ** 32 - 22_500, 0, 22_500]);
  });

  it.each([
    ['none', []],
    ['video', [1]],
    ['sound', [3]],
  ] as const)('reports on %s', (reports, channels) => {
    const packets = start(100, 'next-key-frame', {}, { reports }).take(20_000);
    expect([...new Set(packets.filter(({ type }) => type === 200).map(({ channel }) => channel))]).toEqual(channels);
  });

  it('begins in the middle of a group of pictures, and says that nobody can read those', () => {
    const { take, frames } = start(100, 'next-key-frame', {}, { startsAnywhere: true });
    take(600);
    expect(frames).toMatchObject([
      { frame: 1, isOrphan: true },
      { frame: 2, keyFrame: true },
    ]);
    expect(frames[1]).not.toHaveProperty('isOrphan');
  });

  it('names one instant for all tracks, or the first packet of each', () => {
    const ticks = (odd: Partial<Oddities>) => {
      const { sender, position } = start(0, 'latest-key-frame', {}, { soundStartSec: 1, ...odd });
      // The report of the same instant tells each track's RTP time.
      const bytes = sender.takeDue(STARTED_AT_MS) ?? Buffer.alloc(0);
      return [20, 72].map((at, index) => (position[index]?.timestamp ?? 0) - bytes.readUInt32BE(at));
    };
    expect(ticks({ rtpInfo: 'play-time' })).toEqual([0, 0]);
    expect(ticks({})).toEqual([0, 8000]);
  });
});
