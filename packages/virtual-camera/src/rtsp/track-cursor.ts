import { randomBytes } from 'node:crypto';
import type { Faults } from '../faults.js';
import type { Oddities } from '../oddities/oddities.js';
import { losePackets } from '../rtp/packet-loss.js';
import { buildSenderReport } from '../rtp/rtcp.js';
import type { Track, TrackUnit } from '../rtp/track.js';
import { INTERLEAVED_HEADER_BYTES, RTP_HEADER_BYTES } from '../rtp/track.js';
import type { TrackClock } from './track-clock.js';
import { unitAt } from './track-clock.js';

/** Where a track begins, as `RTP-Info` tells it. */
export interface TrackPosition {
  sequence: number;
  timestamp: number;
}

/** What the senders of one camera follow. */
export interface SenderTimeline {
  /** When frame 0 of loop 0 was taken. */
  startedAtMs: number;
  faults: Readonly<Faults>;
  oddities: Readonly<Oddities>;
}

/** One track of one session: where it is, and the bytes that it sends. */
export class TrackCursor {
  private readonly ssrc: number;
  private sequence: number;
  private timestampBase: number;
  /** Number of the unit that comes next, from the camera's start. */
  next = 0;
  private endsMs = Infinity;
  private packets = 0;
  private bytes = 0;

  /** `unitOf` gives the bytes to send for a unit, which another clip may have. */
  constructor(
    readonly track: Track,
    private readonly channel: number,
    private readonly clock: TrackClock,
    private readonly timeline: SenderTimeline,
    private readonly unitOf: (index: number) => TrackUnit = (index) => unitAt(track, index),
  ) {
    const random = randomBytes(10);
    this.ssrc = random.readUInt32BE(0);
    // Below the middle, so that neither wraps around within the first minutes.
    this.sequence = timeline.oddities.firstSequence ?? random.readUInt16BE(4) >> 1;
    this.timestampBase = random.readUInt32BE(6) >>> 1;
  }

  /** Lets the RTP stamps pass 2^32 at an instant. */
  wrapAt(ms: number): void {
    this.timestampBase = modulo(-this.clock.ticksAt(ms), 2 ** 32);
  }

  /** Goes on with what is due after an instant; nothing is sent from `endsMs` on. All from the camera's start. */
  seek(afterMs: number, endsMs = Infinity): void {
    this.next = this.firstDueAfter(afterMs);
    this.endsMs = endsMs;
  }

  /** When the next unit is due, from the camera's start. */
  get nextDueMs(): number {
    const dueMs = this.clock.dueMs(this.next);
    return dueMs < this.endsMs ? dueMs : Infinity;
  }

  /** Sequence number and timestamp of the next packet. */
  get position(): TrackPosition {
    return { sequence: this.sequence, timestamp: this.wireTimestamp(this.clock.ticks(this.next)) };
  }

  /** RTP time of an instant, from the camera's start. */
  timestampAt(ms: number): number {
    return this.wireTimestamp(this.clock.ticksAt(ms));
  }

  firstDueAfter(ms: number): number {
    let index = Math.max(0, this.clock.indexBefore(ms));
    while (this.clock.dueMs(index) <= ms) index++;
    return index;
  }

  /** Time of the first key frame after an instant, or of the latest before it; both from the camera's start. */
  findKeyFrame(ms: number, step: 1 | -1): number {
    let index = this.firstDueAfter(ms) + (step < 0 ? -1 : 0);
    while (index > 0 && !unitAt(this.track, index).keyFrame) index += step;
    return this.clock.dueMs(Math.max(0, index));
  }

  /** The next unit as it goes over the connection. */
  take(): { unit: TrackUnit; index: number; sent: Buffer; packetsLost: number } {
    const index = this.next;
    const unit = this.unitOf(index);
    const timestamp = this.wireTimestamp(this.clock.ticks(index));
    const bytes = Buffer.allocUnsafe(unit.packets.length);
    unit.packets.copy(bytes);
    for (const offset of unit.offsets) {
      bytes[offset + 1] = this.channel;
      const rtp = offset + INTERLEAVED_HEADER_BYTES;
      bytes[rtp + 1] = (bytes.readUInt8(rtp + 1) & 0x80) | this.track.payloadType;
      bytes.writeUInt16BE(this.sequence, rtp + 2);
      bytes.writeUInt32BE(timestamp, rtp + 4);
      bytes.writeUInt32BE(this.ssrc, rtp + 8);
      this.sequence = (this.sequence + 1) & 0xffff;
    }
    this.packets += unit.offsets.length;
    this.bytes += unit.packets.length - unit.offsets.length * (INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES);
    this.next++;
    return { unit, index, ...this.applyLoss(index, bytes, unit.offsets) };
  }

  /** A sender report; `atMs` is the wall clock's time that it names. */
  report(nowMs: number, atMs: number): Buffer {
    const report = buildSenderReport({
      ssrc: this.ssrc,
      nowMs: atMs,
      timestamp: this.timestampAt(nowMs - this.timeline.startedAtMs),
      packets: this.packets,
      bytes: this.bytes,
    });
    const header = Buffer.from([0x24, this.channel + 1, report.length >> 8, report.length & 0xff]);
    return Buffer.concat([header, report]);
  }

  /** What the wire shows for so many ticks since the camera's start. */
  private wireTimestamp(ticks: number): number {
    const jump = Math.round(this.timeline.faults.timestampJumpSec * this.track.clockRate);
    return modulo(this.timestampBase + ticks + jump, 2 ** 32);
  }

  private applyLoss(unit: number, bytes: Buffer, offsets: readonly number[]) {
    const { packetLoss: share, packetLossSeed: seed } = this.timeline.faults;
    if (share === 0) return { sent: bytes, packetsLost: 0 };
    return losePackets(bytes, offsets, { share, seed, track: this.track.payloadType, unit });
  }
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
