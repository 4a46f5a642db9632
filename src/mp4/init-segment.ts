import { createHash } from 'node:crypto';
import { type Box, findBox, findBoxes, isOutOfRange, Mp4Error } from './boxes.js';

export interface Track {
  trackId: number;
  kind: 'video' | 'audio' | 'other';
  /** Ticks per second. */
  timescale: number;
  /** Sample entry: `avc1`, `hvc1`, `mp4v`, `mp4a` … */
  sampleEntry: string;
  /** Pixels; 0 for audio. */
  width: number;
  height: number;
  /** Configuration of the decoder (`avcC`, `hvcC`, AudioSpecificConfig); empty when there is none. */
  decoderConfig: Buffer;
  /** Equal for tracks that can stand in one file, whatever the rest of their files holds. */
  configDigest: string;
  /** From `trex`, for samples that say nothing themselves. */
  defaultSampleDuration: number;
  defaultSampleSize: number;
  defaultSampleFlags: number;
}

export interface InitSegment {
  bytes: Buffer;
  tracks: Track[];
  video: Track;
  /**
   * Equal for two captures whose fragments can stand in one file: number, codec configuration, size and time scale of every track.
   * Not the whole sample description, since the bit rates in it differ from run to run.
   */
  configDigest: string;
}

/** Boxes of a sample entry that configure its decoder. */
const CONFIG_BOXES = ['avcC', 'hvcC', 'av1C', 'esds'];
/** Bytes of a visual and an audio sample entry before its child boxes (14496-12, 12.1.3 and 12.2.3). */
const VISUAL_ENTRY_BYTES = 78;
const AUDIO_ENTRY_BYTES = 28;

/**
 * Reads an init segment (`ftyp` + `moov`).
 * @throws Mp4Error when it has no video track, is cut off, or has a track without a time scale
 */
export function parseInitSegment(bytes: Buffer): InitSegment {
  try {
    return parseMoov(bytes);
  } catch (error) {
    if (isOutOfRange(error)) throw new Mp4Error('a box in the init segment is cut off');
    throw error;
  }
}

function parseMoov(bytes: Buffer): InitSegment {
  const moov = findBox(bytes, ['moov']);
  if (!moov) throw new Mp4Error('no moov in the init segment');
  const defaults = readTrexes(bytes, moov);
  const tracks = findBoxes(bytes, 'trak', moov).map((trak) => parseTrack(bytes, trak, defaults));
  const video = tracks.find(({ kind }) => kind === 'video');
  if (!video) throw new Mp4Error('no video track in the init segment');
  return { bytes, tracks, video, configDigest: digestOf(...tracks.map(({ configDigest }) => configDigest)) };
}

function digestOf(...parts: (Buffer | string)[]): string {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest('hex').slice(0, 32);
}

type Defaults = Map<number, Pick<Track, 'defaultSampleDuration' | 'defaultSampleSize' | 'defaultSampleFlags'>>;

function readTrexes(bytes: Buffer, moov: Box): Defaults {
  const mvex = findBoxes(bytes, 'mvex', moov)[0];
  const trexes = mvex ? findBoxes(bytes, 'trex', mvex) : [];
  return new Map(
    trexes.map(({ bodyStart: at }) => [
      bytes.readUInt32BE(at + 4),
      {
        defaultSampleDuration: bytes.readUInt32BE(at + 12),
        defaultSampleSize: bytes.readUInt32BE(at + 16),
        defaultSampleFlags: bytes.readUInt32BE(at + 20),
      },
    ]),
  );
}

function parseTrack(bytes: Buffer, trak: Box, defaults: Defaults): Track {
  const tkhd = required(bytes, trak, ['tkhd']);
  const mdhd = required(bytes, trak, ['mdia', 'mdhd']);
  const hdlr = required(bytes, trak, ['mdia', 'hdlr']);
  const stsd = required(bytes, trak, ['mdia', 'minf', 'stbl', 'stsd']);
  const trackId = bytes.readUInt32BE(tkhd.bodyStart + (bytes[tkhd.bodyStart] === 1 ? 20 : 12));
  const timescale = bytes.readUInt32BE(mdhd.bodyStart + (bytes[mdhd.bodyStart] === 1 ? 20 : 12));
  if (timescale === 0) throw new Mp4Error(`track ${trackId} has no time scale`);
  const handler = bytes.toString('latin1', hdlr.bodyStart + 8, hdlr.bodyStart + 12);
  const kind = handler === 'vide' ? 'video' : handler === 'soun' ? 'audio' : 'other';
  const entry = stsd.bodyStart + 8;
  const sampleEntry = bytes.toString('latin1', entry + 4, entry + 8);
  const width = kind === 'video' ? bytes.readUInt16BE(entry + 32) : 0;
  const height = kind === 'video' ? bytes.readUInt16BE(entry + 34) : 0;
  const decoderConfig = Buffer.concat(configBoxes(bytes, entry, kind));
  return {
    trackId,
    kind,
    timescale,
    sampleEntry,
    width,
    height,
    decoderConfig,
    configDigest: digestOf(`${trackId} ${kind} ${sampleEntry} ${timescale} ${width}x${height}\n`, decoderConfig),
    ...(defaults.get(trackId) ?? { defaultSampleDuration: 0, defaultSampleSize: 0, defaultSampleFlags: 0 }),
  };
}

function configBoxes(bytes: Buffer, entry: number, kind: Track['kind']): Buffer[] {
  if (kind === 'other') return [];
  const from = entry + 8 + (kind === 'video' ? VISUAL_ENTRY_BYTES : AUDIO_ENTRY_BYTES);
  const to = entry + bytes.readUInt32BE(entry);
  return CONFIG_BOXES.flatMap((type) => {
    const box = findBox(bytes, [type], from, to);
    if (!box) return [];
    return [
      type === 'esds'
        ? decoderSpecificInfo(bytes.subarray(box.bodyStart, box.end))
        : bytes.subarray(box.bodyStart, box.end),
    ];
  });
}

/** The decoder-specific info (tag 5) of an `esds`, without the bit rates around it; the whole body when it is not found. */
function decoderSpecificInfo(esds: Buffer): Buffer {
  const at = esds.indexOf(Buffer.from([0x05, 0x80, 0x80, 0x80]));
  if (at >= 0) return esds.subarray(at + 5, at + 5 + esds[at + 4]!);
  return Buffer.alloc(0);
}

function required(bytes: Buffer, parent: Box, path: readonly string[]): Box {
  const box = findBox(bytes, path, parent.bodyStart, parent.end);
  if (!box) throw new Mp4Error(`no ${path.join('/')} in a track`);
  return box;
}
