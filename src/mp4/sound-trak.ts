import { findBox, Mp4Error, readBoxes } from './boxes.js';
import { buildBox, buildFullBox, uint32 } from './box-writer.js';

/** Sound that FFmpeg's AAC encoder was told to make. */
export interface SoundFormat {
  sampleRate: number;
  channels: 1 | 2;
}

/** The track of sound in an init segment whose video is the first one. */
export const SOUND_TRACK_ID = 2;

const SAMPLE_RATES = [96, 88.2, 64, 48, 44.1, 32, 24, 22.05, 16, 12, 11.025, 8, 7.35].map((khz) => khz * 1_000);
/** Signals that there is no SBR (14496-3, 1.6.6.1): FFmpeg's encoder says so (libavcodec/aacenc.c, `put_audio_specific_config`). */
const NO_SBR = Buffer.from('56e500', 'hex');
const UNITY_MATRIX = uint32(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000);
const ENABLED_IN_MOVIE = 3;
const IN_THIS_FILE = 1;

/** AudioSpecificConfig of AAC-LC as FFmpeg's encoder makes it. */
export function buildAudioConfig({ sampleRate, channels }: SoundFormat): Buffer {
  const rateIndex = SAMPLE_RATES.indexOf(sampleRate);
  if (rateIndex < 0) throw new Mp4Error(`AAC has no sample rate of ${sampleRate}`);
  const config = Buffer.alloc(2);
  config.writeUInt16BE((2 << 11) | (rateIndex << 7) | (channels << 3));
  return Buffer.concat([config, NO_SBR]);
}

/**
 * The init segment of a file with video alone, with a track of sound beside it (14496-12, 8.3 to 8.8): described before
 * anything was heard, as FFmpeg would describe it.
 */
export function addSoundTrak(videoInit: Buffer, format: SoundFormat): Buffer {
  const moov = findBox(videoInit, ['moov']);
  if (!moov) throw new Mp4Error('no moov in the init segment');
  const boxes = readBoxes(videoInit, moov.bodyStart, moov.end).map(({ type, start, bodyStart, end }) => {
    const bytes = Buffer.from(videoInit.subarray(start, end));
    if (type === 'mvhd') bytes.writeUInt32BE(SOUND_TRACK_ID + 1, bytes.length - 4);
    if (type !== 'mvex') return { type, bytes };
    const trex = buildFullBox('trex', 0, 0, uint32(SOUND_TRACK_ID, 1, 0, 0, 0));
    return { type, bytes: buildBox('mvex', bytes.subarray(bodyStart - start), trex) };
  });
  const at = boxes.findLastIndex(({ type }) => type === 'trak') + 1;
  const all = boxes.map(({ bytes }) => bytes).toSpliced(at, 0, buildTrak(format));
  return Buffer.concat([videoInit.subarray(0, moov.start), buildBox('moov', ...all), videoInit.subarray(moov.end)]);
}

function buildTrak(format: SoundFormat): Buffer {
  const volume = Buffer.from('0000000101000000', 'hex');
  const times = uint32(0, 0, SOUND_TRACK_ID, 0, 0);
  const tkhd = buildFullBox('tkhd', 0, ENABLED_IN_MOVIE, times, uint32(0, 0), volume, UNITY_MATRIX, uint32(0, 0));
  const mdhd = buildFullBox('mdhd', 0, 0, uint32(0, 0, format.sampleRate, 0, 0x55c4_0000));
  const name = Buffer.from('SoundHandler\0', 'latin1');
  const hdlr = buildFullBox('hdlr', 0, 0, uint32(0), Buffer.from('soun'), uint32(0, 0, 0), name);
  const place = buildBox('dinf', buildFullBox('dref', 0, 0, uint32(1), buildFullBox('url ', 0, IN_THIS_FILE)));
  const minf = buildBox('minf', buildFullBox('smhd', 0, 0, uint32(0)), place, buildTables(format));
  return buildBox('trak', tkhd, buildBox('mdia', mdhd, hdlr, minf));
}

/** Empty: the samples stand in the fragments. */
function buildTables(format: SoundFormat): Buffer {
  const empty = ['stts', 'stsc', 'stco'].map((type) => buildFullBox(type, 0, 0, uint32(0)));
  const stsz = buildFullBox('stsz', 0, 0, uint32(0, 0));
  return buildBox('stbl', buildFullBox('stsd', 0, 0, uint32(1), buildEntry(format)), ...empty, stsz);
}

function buildEntry(format: SoundFormat): Buffer {
  const reference = Buffer.from('0000000000000001', 'hex');
  const quality = uint32(0, 0, (2 << 16) | 16, 0, (format.sampleRate & 0xffff) * 0x1_0000);
  const sized = Buffer.from(quality);
  sized.writeUInt16BE(format.channels, 8);
  return buildBox('mp4a', reference, sized, buildEsds(buildAudioConfig(format)));
}

/** ES_Descriptor (14496-1, 7.2.6.5), with the lengths of four bytes that FFmpeg writes. */
function buildEsds(config: Buffer): Buffer {
  const descriptor = (tag: number, ...body: Buffer[]) => {
    const bytes = Buffer.concat(body);
    return Buffer.concat([Buffer.from([tag, 0x80, 0x80, 0x80, bytes.length]), bytes]);
  };
  const aacStream = Buffer.concat([Buffer.from([0x40, 0x15, 0, 0, 0]), uint32(0, 0)]);
  const decoder = descriptor(4, aacStream, descriptor(5, config));
  const sync = descriptor(6, Buffer.from([2]));
  return buildFullBox('esds', 0, 0, descriptor(3, Buffer.from([0, SOUND_TRACK_ID, 0]), decoder, sync));
}
