import { randomBytes } from 'node:crypto';
import type { Clip } from '../clip/clip.js';
import type { Faults } from '../faults.js';
import { losePackets } from '../rtp/packet-loss.js';
import { buildSenderReport } from '../rtp/rtcp.js';
import type { Track, TrackUnit } from '../rtp/track.js';
import { INTERLEAVED_HEADER_BYTES, RTP_HEADER_BYTES } from '../rtp/track.js';

const REPORT_INTERVAL_MS = 5000;

export type StartAt = 'next-key-frame' | 'latest-key-frame';

/** A video frame on its way out. */
export interface SentFrame {
  /** What the picture shows. */
  counter: number;
  /** How many times the clip was through when this frame was taken. */
  loop: number;
  /** Number of the frame since the camera's start, through all loops. */
  frame: number;
  keyFrame: boolean;
  sentAtMs: number;
  /** Packets of the frame that a fault has held back. */
  packetsLost: number;
}

/** What the senders of one camera follow. */
export interface SenderTimeline {
  /** When frame 0 of loop 0 was taken. */
  startedAtMs: number;
  faults: Readonly<Faults>;
}

interface TrackCursor {
  track: Track;
  channel: number;
  ssrc: number;
  sequence: number;
  timestampBase: number;
  /** Units are counted from the camera's start, through all loops. */
  next: number;
  packets: number;
  bytes: number;
}

/** The media of one session: follows the camera's timeline and makes the bytes that are due. */
export class MediaSender {
  private readonly cursors: TrackCursor[] = [];
  private reportDueAtMs = 0;

  constructor(
    private readonly clip: Clip,
    private readonly timeline: SenderTimeline,
    private readonly onFrame: (frame: SentFrame) => void,
  ) {}

  addTrack(index: number, channel: number): void {
    const track = this.clip.tracks[index];
    if (!track) throw new RangeError(`No track ${index}`);
    const random = randomBytes(10);
    this.cursors.push({
      track,
      channel,
      ssrc: random.readUInt32BE(0),
      // Below the middle, so that neither wraps around within the first minutes.
      sequence: random.readUInt16BE(4) >> 1,
      timestampBase: random.readUInt32BE(6) >>> 1,
      next: 0,
      packets: 0,
      bytes: 0,
    });
  }

  /** Puts all tracks where a client begins to see the camera; returns sequence number and timestamp of each first packet. */
  seek(nowMs: number, startAt: StartAt): { sequence: number; timestamp: number }[] {
    const { soundFirst, firstReportDelayMs } = this.timeline.faults;
    const beginMs = this.findKeyFrame(nowMs, startAt);
    for (const cursor of this.cursors) {
      const soundMs = soundFirst ? nowMs : beginMs;
      cursor.next = this.firstDueAfter(cursor.track, cursor.track.kind === 'video' ? beginMs - 0.5 : soundMs);
    }
    this.reportDueAtMs = nowMs + firstReportDelayMs;
    return this.position();
  }

  /** Sequence number and timestamp of each track's next packet. */
  position(): { sequence: number; timestamp: number }[] {
    return this.cursors.map((cursor) => ({
      sequence: cursor.sequence,
      timestamp: this.timestampOf(cursor, cursor.next),
    }));
  }

  /** All bytes that are due by now, as they go over the connection; undefined when there are none. */
  takeDue(nowMs: number): Buffer | undefined {
    const chunks = nowMs >= this.reportDueAtMs ? this.takeReports(nowMs) : [];
    for (let cursor = this.earliest(); cursor; cursor = this.earliest()) {
      if (this.dueAtMs(cursor.track, cursor.next) > nowMs) break;
      chunks.push(this.takeUnit(cursor, nowMs));
    }
    return chunks.length > 1 ? Buffer.concat(chunks) : chunks[0];
  }

  private findKeyFrame(nowMs: number, startAt: StartAt): number {
    const video = this.cursors.find((cursor) => cursor.track.kind === 'video')?.track;
    if (!video) return nowMs;
    const step = startAt === 'next-key-frame' ? 1 : -1;
    let index = this.firstDueAfter(video, nowMs) + (step < 0 ? -1 : 0);
    while (index > 0 && !unitAt(video, index).keyFrame) index += step;
    return this.dueAtMs(video, Math.max(0, index));
  }

  private firstDueAfter(track: Track, timeMs: number): number {
    const period = this.clip.loopMs / track.units.length;
    let index = Math.max(0, Math.floor((timeMs - this.timeline.startedAtMs) / period) - 4);
    while (this.dueAtMs(track, index) <= timeMs) index++;
    return index;
  }

  private earliest(): TrackCursor | undefined {
    const [first, second] = this.cursors;
    if (!first || !second) return first;
    return this.dueAtMs(second.track, second.next) < this.dueAtMs(first.track, first.next) ? second : first;
  }

  private dueAtMs(track: Track, index: number): number {
    return this.timeline.startedAtMs + loopOf(track, index) * this.clip.loopMs + unitAt(track, index).dueMs;
  }

  private timestampOf(cursor: TrackCursor, index: number): number {
    const { track } = cursor;
    return this.wireTimestamp(cursor, loopOf(track, index) * track.loopTicks + unitAt(track, index).timestamp);
  }

  /** What the wire shows for so many ticks since the camera's start. */
  private wireTimestamp({ track, timestampBase }: TrackCursor, ticks: number): number {
    const jump = Math.round(this.timeline.faults.timestampJumpSec * track.clockRate);
    return modulo(timestampBase + ticks + jump, 2 ** 32);
  }

  private takeUnit(cursor: TrackCursor, nowMs: number): Buffer {
    const { track } = cursor;
    const unit = unitAt(track, cursor.next);
    const timestamp = this.timestampOf(cursor, cursor.next);
    const bytes = Buffer.allocUnsafe(unit.packets.length);
    unit.packets.copy(bytes);
    for (const offset of unit.offsets) {
      bytes[offset + 1] = cursor.channel;
      const rtp = offset + INTERLEAVED_HEADER_BYTES;
      bytes.writeUInt16BE(cursor.sequence, rtp + 2);
      bytes.writeUInt32BE(timestamp, rtp + 4);
      bytes.writeUInt32BE(cursor.ssrc, rtp + 8);
      cursor.sequence = (cursor.sequence + 1) & 0xffff;
    }
    cursor.packets += unit.offsets.length;
    cursor.bytes += unit.packets.length - unit.offsets.length * (INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES);
    const { sent, packetsLost } = this.applyLoss(cursor, bytes, unit.offsets);
    if (track.kind === 'video') {
      const { counter, keyFrame } = unit;
      const loop = loopOf(track, cursor.next);
      const frame = loop * this.clip.loopLength + counter;
      this.onFrame({ counter, loop, frame, keyFrame, sentAtMs: nowMs, packetsLost });
    }
    cursor.next++;
    return sent;
  }

  private applyLoss(cursor: TrackCursor, bytes: Buffer, offsets: readonly number[]) {
    const { packetLoss: share, packetLossSeed: seed } = this.timeline.faults;
    if (share === 0) return { sent: bytes, packetsLost: 0 };
    const { track, next: unit } = cursor;
    return losePackets(bytes, offsets, { share, seed, track: track.payloadType, unit });
  }

  private takeReports(nowMs: number): Buffer[] {
    this.reportDueAtMs = nowMs + REPORT_INTERVAL_MS;
    const { soundFirst, clockJumpSec, soundClockAheadSec } = this.timeline.faults;
    const cursors = soundFirst ? this.cursors.toReversed() : this.cursors;
    return cursors.map((cursor) => {
      const elapsedTicks = Math.round(((nowMs - this.timeline.startedAtMs) / 1000) * cursor.track.clockRate);
      const aheadSec = clockJumpSec + (cursor.track.kind === 'video' ? 0 : soundClockAheadSec);
      const report = buildSenderReport({
        ssrc: cursor.ssrc,
        nowMs: nowMs + aheadSec * 1000,
        timestamp: this.wireTimestamp(cursor, elapsedTicks),
        packets: cursor.packets,
        bytes: cursor.bytes,
      });
      const header = Buffer.from([0x24, cursor.channel + 1, report.length >> 8, report.length & 0xff]);
      return Buffer.concat([header, report]);
    });
  }
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

function loopOf(track: Track, index: number): number {
  return Math.floor(index / track.units.length);
}

function unitAt(track: Track, index: number): TrackUnit {
  const unit = track.units[index % track.units.length];
  if (!unit) throw new RangeError(`No unit ${index}`);
  return unit;
}
