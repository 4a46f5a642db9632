import type { Track, TrackUnit } from './track.js';
import { buildPackets } from './track.js';

const AAC_PAYLOAD_TYPE = 97;
const AAC_FRAME_SAMPLES = 1024;
const AAC_SAMPLE_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000];

/** AAC over RTP, mode AAC-hbr, one frame per packet (RFC 3640, 3.3.6), from ADTS frames. The first, priming frame is left out. */
export function buildAacTrack(adts: Buffer, durationSec: number): Track {
  const { frames, audioSpecificConfig, sampleRate } = parseAdts(adts);
  const count = (durationSec * sampleRate) / AAC_FRAME_SAMPLES;
  const payloads = frames.slice(1, count + 1).map((frame) => {
    const auHeader = Buffer.from([0, 16, 0, 0]);
    auHeader.writeUInt16BE(frame.length << 3, 2);
    return Buffer.concat([auHeader, frame]);
  });
  const config = audioSpecificConfig.toString('hex').toUpperCase();
  const hbr = 'streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3';
  const attributes = [
    `rtpmap:${AAC_PAYLOAD_TYPE} MPEG4-GENERIC/${sampleRate}/1`,
    `fmtp:${AAC_PAYLOAD_TYPE} ${hbr};config=${config}`,
  ];
  return buildAudioTrack(
    payloads,
    { payloadType: AAC_PAYLOAD_TYPE, clockRate: sampleRate, attributes },
    AAC_FRAME_SAMPLES,
  );
}

/** One loop of sound, each payload a packet of its own. */
export function buildAudioTrack(
  payloads: Buffer[],
  format: Pick<Track, 'payloadType' | 'clockRate' | 'attributes'>,
  samplesPerPacket: number,
): Track {
  const units = payloads.map((payload, index): TrackUnit => ({
    // The marker of a voice codec means "after a silence" (RFC 3551, 4.1); of AAC, "end of the frame".
    ...buildPackets(format.payloadType, [payload], format.payloadType === AAC_PAYLOAD_TYPE),
    keyFrame: true,
    timestamp: index * samplesPerPacket,
    // A packet can leave when its last sample is taken.
    dueMs: ((index + 1) * samplesPerPacket * 1000) / format.clockRate,
    counter: index,
  }));
  return { kind: 'audio', ...format, loopTicks: payloads.length * samplesPerPacket, units };
}

/** Frames and AudioSpecificConfig of an ADTS stream (ISO/IEC 13818-7, 6.2). */
export function parseAdts(adts: Buffer): { frames: Buffer[]; audioSpecificConfig: Buffer; sampleRate: number } {
  const objectType = (adts.readUInt8(2) >> 6) + 1;
  const rateIndex = (adts.readUInt8(2) >> 2) & 0xf;
  const channels = ((adts.readUInt8(2) & 1) << 2) | (adts.readUInt8(3) >> 6);
  const audioSpecificConfig = Buffer.alloc(2);
  audioSpecificConfig.writeUInt16BE((objectType << 11) | (rateIndex << 7) | (channels << 3));
  const frames: Buffer[] = [];
  for (let offset = 0; offset + 7 <= adts.length;) {
    const headerBytes = adts.readUInt8(offset + 1) & 1 ? 7 : 9;
    const size = (adts.readUIntBE(offset + 3, 3) >> 5) & 0x1fff;
    frames.push(adts.subarray(offset + headerBytes, offset + size));
    offset += size;
  }
  return { frames, audioSpecificConfig, sampleRate: AAC_SAMPLE_RATES[rateIndex] ?? 0 };
}
