import type { MovVideo } from '../mov/mov.js';
import type { Track } from './track.js';
import { MAX_PAYLOAD_BYTES, buildVideoTrack, splitNalUnits } from './track.js';

const PAYLOAD_TYPE = 96;
const FU_A = 28;

/** H.264 over RTP, packetisation mode 1; the parameter sets are repeated before each key frame, as cameras do. */
export function buildH264Track(mov: MovVideo, fps: number): Track {
  const parameterSets = parseAvcConfiguration(mov.codecConfiguration);
  const profileLevelId = mov.codecConfiguration.toString('hex', 1, 4).toUpperCase();
  const sprop = parameterSets.map((set) => set.toString('base64')).join(',');
  const attributes = [
    `rtpmap:${PAYLOAD_TYPE} H264/90000`,
    `fmtp:${PAYLOAD_TYPE} packetization-mode=1;profile-level-id=${profileLevelId};sprop-parameter-sets=${sprop}`,
    `framerate:${fps}`,
  ];
  return buildVideoTrack(mov, { fps, payloadType: PAYLOAD_TYPE, attributes }, (frame, keyFrame) =>
    [...(keyFrame ? parameterSets : []), ...splitNalUnits(frame)].flatMap((unit) => packetiseH264(unit)),
  );
}

/** SPS and PPS of an `avcC` box (ISO/IEC 14496-15, 5.3.3.1). */
export function parseAvcConfiguration(avcC: Buffer): Buffer[] {
  const sets: Buffer[] = [];
  let offset = 5;
  for (const mask of [0x1f, 0xff]) {
    for (let left = avcC.readUInt8(offset++) & mask; left > 0; left--) {
      const size = avcC.readUInt16BE(offset);
      sets.push(avcC.subarray(offset + 2, offset + 2 + size));
      offset += 2 + size;
    }
  }
  return sets;
}

/** One NAL unit as RTP payloads: as it is, or in FU-A fragments (RFC 6184, 5.6 and 5.8). */
export function packetiseH264(unit: Buffer, maxBytes = MAX_PAYLOAD_BYTES): Buffer[] {
  if (unit.length <= maxBytes) return [unit];
  const header = unit.readUInt8(0);
  const payloads: Buffer[] = [];
  for (let offset = 1; offset < unit.length; offset += maxBytes - 2) {
    const end = Math.min(offset + maxBytes - 2, unit.length);
    const position = (offset === 1 ? 0x80 : 0) | (end === unit.length ? 0x40 : 0);
    const fuHeader = Buffer.from([(header & 0xe0) | FU_A, position | (header & 0x1f)]);
    payloads.push(Buffer.concat([fuHeader, unit.subarray(offset, end)]));
  }
  return payloads;
}
