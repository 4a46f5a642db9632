import { buildAudioTrack } from './audio.js';
import type { Track } from './track.js';

const PACKET_MS = 20;

/** Codecs of so many bits per tick of their RTP clock, without frames (RFC 3551, 4.5). */
const SAMPLED = {
  pcmu: { payloadType: 0, name: 'PCMU', clockRate: 8000, bitsPerTick: 8 },
  pcma: { payloadType: 8, name: 'PCMA', clockRate: 8000, bitsPerTick: 8 },
  // Sampled at 16 kHz; that its clock says 8 kHz is an error that has become the standard (RFC 3551, 4.5.2).
  g722: { payloadType: 9, name: 'G722', clockRate: 8000, bitsPerTick: 8 },
  g726: { payloadType: 98, name: 'G726-32', clockRate: 8000, bitsPerTick: 4 },
  l16: { payloadType: 99, name: 'L16', clockRate: 16_000, bitsPerTick: 16 },
} as const;

/** Sound without frames over RTP, in packets of 20 ms. */
export function buildSampledTrack(codec: keyof typeof SAMPLED, samples: Buffer, durationSec: number): Track {
  const { payloadType, name, clockRate, bitsPerTick } = SAMPLED[codec];
  const packetTicks = (clockRate * PACKET_MS) / 1000;
  const packetBytes = (packetTicks * bitsPerTick) / 8;
  const payloads = Array.from({ length: (durationSec * 1000) / PACKET_MS }, (_, index) =>
    samples.subarray(index * packetBytes, (index + 1) * packetBytes),
  );
  return buildAudioTrack(
    payloads,
    { payloadType, clockRate, attributes: [`rtpmap:${payloadType} ${name}/${clockRate}`] },
    packetTicks,
  );
}
