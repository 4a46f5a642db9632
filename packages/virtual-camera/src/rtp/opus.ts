import { buildAudioTrack } from './audio.js';
import type { Track } from './track.js';

const PAYLOAD_TYPE = 100;
const CLOCK_RATE = 48_000;
const FRAME_SAMPLES = 960;
/** Identification and comment (RFC 7845, 3). */
const HEADER_PACKETS = 2;
const PAGE_HEADER_BYTES = 27;

/** Opus over RTP, one frame of 20 ms per packet (RFC 7587), from an Ogg file. */
export function buildOpusTrack(ogg: Buffer, durationSec: number): Track {
  const count = (durationSec * CLOCK_RATE) / FRAME_SAMPLES;
  const frames = readOggPackets(ogg).slice(HEADER_PACKETS, HEADER_PACKETS + count);
  const attributes = [`rtpmap:${PAYLOAD_TYPE} opus/${CLOCK_RATE}/2`];
  return buildAudioTrack(frames, { payloadType: PAYLOAD_TYPE, clockRate: CLOCK_RATE, attributes }, FRAME_SAMPLES);
}

/** The packets of an Ogg file with one stream (RFC 3533, 6): a segment of 255 bytes goes on in the next one. */
export function readOggPackets(ogg: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  let open: Buffer[] = [];
  for (let page = 0; page + PAGE_HEADER_BYTES <= ogg.length;) {
    const segments = ogg.readUInt8(page + PAGE_HEADER_BYTES - 1);
    let offset = page + PAGE_HEADER_BYTES + segments;
    for (const size of ogg.subarray(page + PAGE_HEADER_BYTES, offset)) {
      open.push(ogg.subarray(offset, offset + size));
      offset += size;
      if (size === 255) continue;
      packets.push(Buffer.concat(open));
      open = [];
    }
    page = offset;
  }
  return packets;
}
