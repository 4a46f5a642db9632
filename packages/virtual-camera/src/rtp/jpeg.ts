import type { MovVideo } from '../mov/mov.js';
import type { Track } from './track.js';
import { MAX_PAYLOAD_BYTES, buildVideoTrack } from './track.js';

/** Static payload type of JPEG (RFC 3551). */
const PAYLOAD_TYPE = 26;
/** Type 1: three components, 4:2:0, no restart markers. Q 255: the tables come with each frame (RFC 2435, 3.1.3, 4.2). */
const JPEG_TYPE_420 = 1;
const Q_TABLES_IN_BAND = 255;
const HEADER_BYTES = 8;

/** Motion JPEG over RTP. */
export function buildJpegTrack(mov: MovVideo, fps: number): Track {
  const attributes = [`rtpmap:${PAYLOAD_TYPE} JPEG/90000`, `framerate:${fps}`];
  return buildVideoTrack(mov, { fps, payloadType: PAYLOAD_TYPE, attributes }, (frame) => packetiseJpeg(frame));
}

export interface JpegPicture {
  width: number;
  height: number;
  /** Luma and chroma table, 64 bytes each, in zigzag order. */
  quantisationTables: Buffer;
  /** Entropy-coded data, without the end marker. */
  scan: Buffer;
}

/** Takes apart a baseline 4:2:0 JPEG; throws if it is something that type 1 of RFC 2435 cannot carry. */
export function parseJpeg(jpeg: Buffer): JpegPicture {
  const tables = new Map<number, Buffer>();
  let frame: Buffer | undefined;
  for (let offset = 2; offset + 4 <= jpeg.length;) {
    const marker = jpeg.readUInt16BE(offset);
    const segment = jpeg.subarray(offset + 4, offset + 2 + jpeg.readUInt16BE(offset + 2));
    offset += 4 + segment.length;
    if (marker === 0xffdb) readTables(segment, tables);
    else if (marker === 0xffc0) frame = segment;
    else if (marker === 0xffdd) throw new Error('JPEG with restart markers');
    else if (marker === 0xffda) return picture(frame, tables, jpeg.subarray(offset));
  }
  throw new Error('JPEG without a scan');
}

function readTables(segment: Buffer, tables: Map<number, Buffer>): void {
  for (let offset = 0; offset + 65 <= segment.length; offset += 65) {
    tables.set(segment.readUInt8(offset), segment.subarray(offset + 1, offset + 65));
  }
}

function picture(frame: Buffer | undefined, tables: Map<number, Buffer>, rest: Buffer): JpegPicture {
  if (frame?.readUInt8(0) !== 8 || frame.readUInt8(7) !== 0x22) throw new Error('JPEG is not baseline 4:2:0');
  const [luma, chroma] = [tables.get(frame.readUInt8(8)), tables.get(frame.readUInt8(11))];
  if (!luma || !chroma) throw new Error('JPEG without 8-bit quantisation tables');
  const end = rest.lastIndexOf(Buffer.from([0xff, 0xd9]));
  return {
    width: frame.readUInt16BE(3),
    height: frame.readUInt16BE(1),
    quantisationTables: Buffer.concat([luma, chroma]),
    scan: end < 0 ? rest : rest.subarray(0, end),
  };
}

/** One JPEG as RTP payloads (RFC 2435, 3.1). */
export function packetiseJpeg(jpeg: Buffer, maxBytes = MAX_PAYLOAD_BYTES): Buffer[] {
  const { width, height, quantisationTables, scan } = parseJpeg(jpeg);
  const tableHeader = Buffer.from([0, 0, 0, quantisationTables.length]);
  const payloads: Buffer[] = [];
  for (let offset = 0; offset < scan.length;) {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(offset, 0);
    header.set([JPEG_TYPE_420, Q_TABLES_IN_BAND, Math.ceil(width / 8), Math.ceil(height / 8)], 4);
    const parts = offset === 0 ? [header, tableHeader, quantisationTables] : [header];
    const room = maxBytes - parts.reduce((sum, part) => sum + part.length, 0);
    payloads.push(Buffer.concat([...parts, scan.subarray(offset, offset + room)]));
    offset += room;
  }
  return payloads;
}
