import type { MovVideo } from '../mov/mov.js';
import type { Track } from './track.js';
import { MAX_PAYLOAD_BYTES, buildVideoTrack, splitNalUnits } from './track.js';

const PAYLOAD_TYPE = 96;
const FU = 49;

/** NAL unit types of the parameter sets, with their names in the SDP (RFC 7798, 7.1). */
const PARAMETER_SETS = [
  [32, 'sprop-vps'],
  [33, 'sprop-sps'],
  [34, 'sprop-pps'],
] as const;

/** H.265 over RTP; the parameter sets are repeated before each key frame, as cameras do. */
export function buildH265Track(mov: MovVideo, fps: number): Track {
  const parameterSets = parseHevcConfiguration(mov.codecConfiguration);
  const sprop = PARAMETER_SETS.map(([type, name]) => {
    const sets = parameterSets.filter((set) => nalType(set) === type).map((set) => set.toString('base64'));
    return `${name}=${sets.join(',')}`;
  });
  const attributes = [
    `rtpmap:${PAYLOAD_TYPE} H265/90000`,
    `fmtp:${PAYLOAD_TYPE} ${sprop.join(';')}`,
    `framerate:${fps}`,
  ];
  return buildVideoTrack(mov, { fps, payloadType: PAYLOAD_TYPE, attributes }, (frame, keyFrame) => {
    const repeated = keyFrame
      ? parameterSets.filter((set) => PARAMETER_SETS.some(([type]) => type === nalType(set)))
      : [];
    return [...repeated, ...splitNalUnits(frame)].flatMap((unit) => packetiseH265(unit));
  });
}

function nalType(unit: Buffer): number {
  return (unit.readUInt8(0) >> 1) & 0x3f;
}

/** The NAL units of an `hvcC` box (ISO/IEC 14496-15, 8.3.3.1). */
export function parseHevcConfiguration(hvcC: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let offset = 23;
  for (let arrays = hvcC.readUInt8(22); arrays > 0; arrays--) {
    const count = hvcC.readUInt16BE(offset + 1);
    offset += 3;
    for (let left = count; left > 0; left--) {
      const size = hvcC.readUInt16BE(offset);
      units.push(hvcC.subarray(offset + 2, offset + 2 + size));
      offset += 2 + size;
    }
  }
  return units;
}

/** One NAL unit as RTP payloads: as it is, or in fragmentation units (RFC 7798, 4.4.1 and 4.4.3). */
export function packetiseH265(unit: Buffer, maxBytes = MAX_PAYLOAD_BYTES): Buffer[] {
  if (unit.length <= maxBytes) return [unit];
  const payloadHeader = [(unit.readUInt8(0) & 0x81) | (FU << 1), unit.readUInt8(1)];
  const payloads: Buffer[] = [];
  for (let offset = 2; offset < unit.length; offset += maxBytes - 3) {
    const end = Math.min(offset + maxBytes - 3, unit.length);
    const position = (offset === 2 ? 0x80 : 0) | (end === unit.length ? 0x40 : 0);
    payloads.push(
      Buffer.concat([Buffer.from([...payloadHeader, position | nalType(unit)]), unit.subarray(offset, end)]),
    );
  }
  return payloads;
}
