import type { MovVideo } from '../mov/mov.js';

export const VIDEO_CLOCK_RATE = 90_000;
/** RTP payload per packet, as over Ethernet. */
export const MAX_PAYLOAD_BYTES = 1400;
/** `$`, channel and length before each packet on the RTSP connection (RFC 2326, 10.12). */
export const INTERLEAVED_HEADER_BYTES = 4;
export const RTP_HEADER_BYTES = 12;

/** One frame as ready RTP packets; channel, sequence number, timestamp and SSRC are filled in when it is sent. */
export interface TrackUnit {
  /** The packets with their interleaved headers, back to back. */
  packets: Buffer;
  /** Where each packet begins in `packets`. */
  offsets: number[];
  keyFrame: boolean;
  /** Presentation time in clock ticks from the start of the loop. */
  timestamp: number;
  /** When it is sent, from the start of the loop. */
  dueMs: number;
  /** Number of the frame in presentation order; for video it is what the picture shows. */
  counter: number;
}

/** One loop of one elementary stream. */
export interface Track {
  kind: 'video' | 'audio' | 'application' | 'metadata';
  payloadType: number;
  clockRate: number;
  /** Ticks in a loop. */
  loopTicks: number;
  /** None: the track is announced only. */
  units: TrackUnit[];
  /** `rtpmap`, `fmtp` and other lines of the SDP, without `a=`. */
  attributes: string[];
  /** The `m=` line, without `m=`, when it is none of the usual ones. */
  media?: string;
}

/** Joins payloads to the packets of one frame; the marker bit is on the last of them (or as `marker` says). */
export function buildPackets(
  payloadType: number,
  payloads: readonly Buffer[],
  marker = true,
): Pick<TrackUnit, 'packets' | 'offsets'> {
  const overhead = INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES;
  const packets = Buffer.alloc(payloads.reduce((sum, payload) => sum + overhead + payload.length, 0));
  const offsets: number[] = [];
  let offset = 0;
  payloads.forEach((payload, index) => {
    offsets.push(offset);
    packets[offset] = 0x24;
    packets.writeUInt16BE(RTP_HEADER_BYTES + payload.length, offset + 2);
    packets[offset + 4] = 0x80;
    packets[offset + 5] = payloadType | (marker && index === payloads.length - 1 ? 0x80 : 0);
    payload.copy(packets, offset + overhead);
    offset += overhead + payload.length;
  });
  return { packets, offsets };
}

/**
 * Builds a video track from the frames of a clip; `payloadsOf` cuts one frame into RTP payloads.
 * A frame with B-frames before it is sent by so much later that none is sent before it is taken.
 */
export function buildVideoTrack(
  mov: MovVideo,
  format: { fps: number; payloadType: number; attributes: string[] },
  payloadsOf: (frame: Buffer, keyFrame: boolean) => Buffer[],
): Track {
  const { fps, payloadType, attributes } = format;
  const reorderDelay = mov.samples[0]?.compositionOffset ?? 0;
  const units = mov.samples.map((sample, index): TrackUnit => {
    const counter = index + sample.compositionOffset - reorderDelay;
    return {
      ...buildPackets(payloadType, payloadsOf(sample.data, sample.keyFrame)),
      keyFrame: sample.keyFrame,
      timestamp: Math.round((counter * VIDEO_CLOCK_RATE) / fps),
      dueMs: ((index + reorderDelay) * 1000) / fps,
      counter,
    };
  });
  const loopTicks = (units.length * VIDEO_CLOCK_RATE) / fps;
  return { kind: 'video', payloadType, clockRate: VIDEO_CLOCK_RATE, loopTicks, units, attributes };
}

/** Cuts an ISO frame (a four-byte length before each NAL unit) into its NAL units. */
export function splitNalUnits(frame: Buffer): Buffer[] {
  const units: Buffer[] = [];
  for (let offset = 0; offset + 4 <= frame.length;) {
    const size = frame.readUInt32BE(offset);
    units.push(frame.subarray(offset + 4, offset + 4 + size));
    offset += 4 + size;
  }
  return units;
}
