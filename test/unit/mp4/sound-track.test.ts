import { describe, expect, it } from '@jest/globals';
import { buildBox, buildFullBox, uint32, uint64 } from '../../../src/mp4/box-writer.js';
import { parseInitSegment } from '../../../src/mp4/init-segment.js';
import { type Mp4Fragment, SoundTrack } from '../../../src/mp4/sound-track.js';
import { buildAudioConfig } from '../../../src/mp4/sound-trak.js';
import { readTrackFragments } from '../../../src/mp4/track-fragment.js';

const FORMAT = { sampleRate: 8_000, channels: 1 } as const;

function videoInit(): Buffer {
  const entry = buildBox('avc1', Buffer.alloc(78), buildBox('avcC', Buffer.from('0142c01effe1', 'hex')));
  const stbl = buildBox('stbl', buildFullBox('stsd', 0, 0, uint32(1), entry));
  const hdlr = buildFullBox('hdlr', 0, 0, uint32(0), Buffer.from('vide'), uint32(0, 0, 0), Buffer.alloc(1));
  const mdia = buildBox('mdia', buildFullBox('mdhd', 0, 0, uint32(0, 0, 90_000, 0, 0)), hdlr, buildBox('minf', stbl));
  const trak = buildBox('trak', buildFullBox('tkhd', 0, 3, uint32(0, 0, 1, 0, 0)), mdia);
  const mvex = buildBox('mvex', buildFullBox('trex', 0, 0, uint32(1, 1, 0, 0, 0)));
  const moov = buildBox('moov', buildFullBox('mvhd', 0, 0, uint32(0, 0, 1_000, 0, 2)), trak, mvex);
  return Buffer.concat([buildBox('ftyp', Buffer.from('iso6')), moov]);
}

function fragment(startTicks: number, samples: { ticks: number; bytes: Buffer }[]): Mp4Fragment {
  const trun = (dataOffset: number) => {
    const table = uint32(...samples.flatMap(({ ticks, bytes }) => [ticks, bytes.length]));
    return buildFullBox('trun', 0, 0x301, uint32(samples.length, dataOffset), table);
  };
  const build = (dataOffset: number) => {
    const tfhd = buildFullBox('tfhd', 0, 0x02_0000, uint32(1));
    const tfdt = buildFullBox('tfdt', 1, 0, uint64(startTicks));
    return buildBox('moof', buildFullBox('mfhd', 0, 0, uint32(1)), buildBox('traf', tfhd, tfdt, trun(dataOffset)));
  };
  const moof = build(build(0).length + 8);
  return { moof, mdat: buildBox('mdat', ...samples.map(({ bytes }) => bytes)) };
}

/** The n-th second of pictures, from ten seconds on: `Vn`. */
const pictures = (second: number) =>
  fragment((10 + second) * 90_000, [{ ticks: 90_000, bytes: Buffer.from(`V${second}`) }]);
/** One frame of sound that begins at a tick: `A<tick>`. */
const frame = (at: number) => fragment(at, [{ ticks: 1_024, bytes: Buffer.from(`A${at}`) }]);

function read(init: Buffer, joined: Mp4Fragment) {
  const whole = Buffer.concat([joined.moof, joined.mdat]);
  return readTrackFragments(joined.moof, parseInitSegment(init)).map(({ track, startTicks, samples, runs }) => {
    let at = runs[0]!.dataOffset!;
    const frames = samples.map(({ sizeBytes }) => whole.toString('latin1', at, (at += sizeBytes)));
    return { kind: track.kind, startTicks, durations: samples.map(({ durationTicks }) => durationTicks), frames };
  });
}

function begin() {
  const sound = new SoundTrack(FORMAT);
  const init = sound.describe(videoInit());
  return { sound, join: (second: number) => read(init, sound.join(pictures(second))) };
}

describe('SoundTrack', () => {
  it('describes the sound before any is heard', () => {
    const { tracks } = parseInitSegment(new SoundTrack({ sampleRate: 48_000, channels: 2 }).describe(videoInit()));
    expect(tracks.map(({ trackId, kind, timescale, sampleEntry }) => [trackId, kind, timescale, sampleEntry])).toEqual([
      [1, 'video', 90_000, 'avc1'],
      [2, 'audio', 48_000, 'mp4a'],
    ]);
    expect(tracks[1]!.decoderConfig.toString('hex')).toBe('119056e500');
    expect(buildAudioConfig(FORMAT).toString('hex')).toBe('158856e500');
  });

  it('puts what was heard into the next fragment, where it belongs', () => {
    const { sound, join } = begin();
    for (const at of [80_000, 81_024, 82_050]) sound.add(frame(at));
    expect(join(0)).toEqual([
      { kind: 'video', startTicks: 900_000, durations: [90_000], frames: ['V0'] },
      { kind: 'audio', startTicks: 80_000, durations: [1_024, 1_026, 1_024], frames: ['A80000', 'A81024', 'A82050'] },
    ]);
    expect(join(1)).toHaveLength(1);
  });

  it('keeps what comes before the pictures are described', () => {
    const sound = new SoundTrack(FORMAT);
    sound.add(frame(80_000));
    const init = sound.describe(videoInit());
    expect(read(init, sound.join(pictures(0)))[1]).toMatchObject({ frames: ['A80000'] });
  });

  it('is silent from the start while nothing is heard, a little behind the pictures, and heard from where it begins', () => {
    const { sound, join } = begin();
    expect([join(0), join(1)].map((tracks) => tracks.length)).toEqual([1, 1]);
    const silence = join(2)[1]!;
    expect(silence.startTicks).toBe(80_000);
    expect(new Set(silence.frames)).toEqual(new Set([Buffer.from('00c800802380', 'hex').toString('latin1')]));
    const end = silence.startTicks + silence.durations.reduce((sum, ticks) => sum + ticks, 0);
    expect((13 - end / 8_000) * 1_000).toBeLessThan(450 + 128);
    sound.add(frame(end - 500)); // a frame that began before the silence had ended
    sound.add(frame(end + 524));
    expect(join(3)[1]).toMatchObject({ startTicks: end + 524, frames: [`A${end + 524}`] });
    expect(join(4)).toHaveLength(1);
  });

  it('is silent again when the sound ends', () => {
    const { sound, join } = begin();
    sound.add(frame(80_000));
    join(0);
    expect([join(1), join(2)].map((tracks) => tracks.length)).toEqual([1, 1]);
    expect(join(3)[1]).toMatchObject({ kind: 'audio', startTicks: 81_024 });
  });
});
