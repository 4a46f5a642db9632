import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Movie } from '../../../../src/mp4/hybrid/movie.js';
import { parseInitSegment } from '../../../../src/mp4/init-segment.js';
import { readMovie, type ReadTrack } from '../../../support/mp4box-reader.js';
import { readFixture } from '../../../support/footage.js';
import {
  AUDIO,
  AUDIO_TICKS_PER_SEC,
  makeFragment,
  type MadeFragment,
  makeMovie,
  type MadeSample,
  VIDEO,
  VIDEO_TICKS_PER_SEC,
} from './made-footage.js';

const STEP = 1_024;
const [FRAGMENT_AT, SILENCE_AT] = [1_000_000, 500];

function read(movie: Movie) {
  const places = {
    sampleAt: (fragment: number, offset: number) => FRAGMENT_AT * (fragment + 1) + offset,
    silenceAt: (fragment: number) => SILENCE_AT + fragment,
    large: false,
  };
  const { ftyp, moov } = movie.build(places);
  expect(movie.headBytes(false)).toBe(ftyp.length + moov.length);
  const result = readMovie(Buffer.concat([ftyp, moov]));
  const trackOf = (trackId: number): ReadTrack | undefined => result.tracks.find((track) => track.trackId === trackId);
  return { ...result, moov, video: trackOf(VIDEO)!, audio: trackOf(AUDIO)! };
}

function samples(count: number, sample: Partial<MadeSample> = {}): MadeSample[] {
  return Array.from({ length: count }, () => ({ durationTicks: STEP, bytes: Buffer.from('picture'), ...sample }));
}

const picturesAt = (startTicks: number, made: readonly MadeSample[]) =>
  makeFragment({ trackId: VIDEO, startTicks, samples: made });
const soundAt = (startTicks: number, made: readonly MadeSample[]) =>
  makeFragment({ trackId: AUDIO, startTicks, samples: made });
const durations = ({ samples: all }: ReadTrack) => all.map(({ durationTicks }) => durationTicks);

describe('the times of a movie', () => {
  it('are those of the fragments, wherever each begins', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 6 });
    const pauses = fc.array(fc.tuple(steps, fc.integer({ min: 0, max: 900_000 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pauses, fc.nat(2_000), (parts, firstTicks) => {
        let at = firstTicks;
        const decoded: number[] = [];
        const fragments = parts.map(([ticks, pauseTicks]) => {
          const startTicks = at;
          for (const durationTicks of ticks) decoded.push((at += durationTicks) - durationTicks);
          at += pauseTicks;
          return picturesAt(
            startTicks,
            ticks.map((durationTicks) => ({ durationTicks, bytes: Buffer.from('p') })),
          );
        });
        const { video } = read(makeMovie(fragments));
        expect(video.samples.map(({ dts }) => dts + firstTicks)).toEqual(decoded);
        expect(video.samples.at(-1)!.durationTicks).toBe(parts.at(-1)![0].at(-1));
        expect(video.mediaTicks).toBe(at - parts.at(-1)![1] - firstTicks);
      }),
      { numRuns: 60 },
    );
  });

  it('go on where a fragment begins before the end of the one before, and lose no picture', () => {
    const { video } = read(
      makeMovie([picturesAt(0, samples(4)), picturesAt(2_500, samples(2)), picturesAt(9_000, samples(1))]),
    );
    expect(durations(video)).toEqual([STEP, STEP, STEP, 1, STEP, 9_000 - 3 * STEP - 1 - STEP, STEP]);
  });

  it('keep the distance of the tracks: an empty edit for the one that begins later', () => {
    const pictures = picturesAt(VIDEO_TICKS_PER_SEC, samples(10));
    const late = read(makeMovie([pictures, soundAt(AUDIO_TICKS_PER_SEC * 1.5, samples(8))]));
    expect(late.movieTimescale).toBe(VIDEO_TICKS_PER_SEC);
    expect(late.video.edits).toEqual([{ durationTicks: 10 * STEP, mediaTicks: 0 }]);
    expect(late.audio.edits).toEqual([
      { durationTicks: VIDEO_TICKS_PER_SEC / 2, mediaTicks: -1 },
      { durationTicks: Math.ceil(8 * STEP * 1.28), mediaTicks: 0 },
    ]);
    const early = read(makeMovie([soundAt(0, samples(8)), pictures]));
    expect(early.video.edits[0]).toEqual({ durationTicks: VIDEO_TICKS_PER_SEC, mediaTicks: -1 });
    expect(early.audio.edits).toHaveLength(1);
    expect(early.movieTicks).toBe(VIDEO_TICKS_PER_SEC + 10 * STEP);
  });

  it('begin with the picture that is shown first, though others are decoded before it', () => {
    const shown = [2, 4, 1, 1].map((steps) => ({ ...samples(1)[0]!, compositionTicks: steps * STEP }));
    const movie = makeMovie([picturesAt(5_000, shown)]);
    const { video, moov } = read(movie);
    expect(video.edits).toEqual([{ durationTicks: 4 * STEP, mediaTicks: 2 * STEP }]);
    expect(video.samples.map(({ cts, dts }) => (cts - dts) / STEP)).toEqual([2, 4, 1, 1]);
    expect(moov[moov.indexOf('ctts') + 4]).toBe(0);
    expect(movie.durationMs).toBeCloseTo((4 * STEP * 1_000) / VIDEO_TICKS_PER_SEC, 6);
  });

  it('begin with the key frame, though pictures that lean on what is not there are shown before it', () => {
    const open = [3, 1, 1, 4].map((steps, index) => ({
      ...samples(1)[0]!,
      ...{ compositionTicks: steps * STEP, isSync: index === 0 },
    }));
    const { video } = read(makeMovie([picturesAt(0, open)]));
    expect(video.samples).toHaveLength(4);
    expect(video.edits).toEqual([{ durationTicks: 5 * STEP, mediaTicks: 3 * STEP }]);
  });

  it('may say that a picture is shown before it is decoded', () => {
    const odd = [1, 0, -1, 0].map((steps) => ({ ...samples(1)[0]!, compositionTicks: steps * STEP }));
    const { video, moov } = read(makeMovie([picturesAt(0, odd)]));
    expect(video.samples.map(({ cts, dts }) => (cts - dts) / STEP)).toEqual([1, 0, -1, 0]);
    expect(moov[moov.indexOf('ctts') + 4]).toBe(1);
  });

  it('need no box for the order of pictures that are shown as they are decoded', () => {
    const { moov } = read(makeMovie([picturesAt(0, samples(3))]));
    expect(moov.includes('ctts')).toBe(false);
  });

  it('have 64 bits where 32 are too few', () => {
    const half = 2 ** 31;
    const long = samples(3, { durationTicks: half });
    const { video, movieTicks, moov } = read(makeMovie([picturesAt(0, long)]));
    expect(video.mediaTicks).toBe(3 * half);
    expect(movieTicks).toBe(3 * half);
    expect(video.edits).toEqual([{ durationTicks: 3 * half, mediaTicks: 0 }]);
    for (const type of ['mvhd', 'tkhd', 'mdhd', 'elst']) expect(moov[moov.indexOf(type) + 4]).toBe(1);
  });
});

describe('the samples of a movie', () => {
  it('are key frames where the fragments say so, and all of them without a word', () => {
    const gop = (length: number) => samples(length).map((sample, index) => ({ ...sample, isSync: index === 0 }));
    const movie = makeMovie([picturesAt(0, [...gop(3), ...gop(3)]), picturesAt(6 * STEP, [...gop(5), ...gop(1)])]);
    const { video, moov } = read(movie);
    expect(video.samples.flatMap(({ isSync }, index) => (isSync ? [index] : []))).toEqual([0, 3, 6, 11]);
    expect(moov.includes('stss')).toBe(true);
    expect(movie.keyFrames).toEqual({ count: 4, usualFrames: 3, maxFrames: 5 });
    expect(read(makeMovie([picturesAt(0, samples(3))])).moov.includes('stss')).toBe(false);
  });

  it('end where the bytes of a fragment end', () => {
    const whole = picturesAt(0, samples(3));
    const torn: MadeFragment = { ...whole, bytes: whole.bytes.subarray(0, -1) };
    expect(read(makeMovie([whole, torn])).video.samples).toHaveLength(5);
  });

  it('leave out a track that never came', () => {
    expect(read(makeMovie([picturesAt(0, samples(2))])).tracks).toHaveLength(1);
    expect(read(makeMovie([soundAt(0, samples(2))])).tracks).toHaveLength(1);
    const none = makeMovie([]);
    expect(read(none).tracks).toEqual([]);
    expect([none.durationMs, none.keyFrames.count]).toEqual([0, 0]);
  });

  it('take all that FFmpeg wrote, as another parser reads it', () => {
    for (const name of ['h264-aac', 'h264-bframes'] as const) {
      const { bytes, init, fragments } = readFixture(name);
      const movie = new Movie(init);
      for (const { moof, mdat } of fragments) movie.add({ moof, sizeBytes: moof.length + mdat.length });
      let at = init.bytes.length;
      const starts = fragments.map(({ moof, mdat }) => (at += moof.length + mdat.length) - moof.length - mdat.length);
      const { ftyp, moov } = movie.build({
        sampleAt: (index, offset) => starts[index]! + offset,
        silenceAt: () => 0,
        large: false,
      });
      const made = readMovie(Buffer.concat([ftyp, moov])).tracks;
      const fragmented = readMovie(bytes).tracks;
      for (const [index, { samples: all }] of made.entries()) {
        const theirs = fragmented[index]!.samples;
        const first = theirs[0]!.dts;
        const moved = theirs.map((sample) => ({ ...sample, dts: sample.dts - first, cts: sample.cts - first }));
        expect(all).toEqual(moved);
      }
    }
  });

  it('are described as in the init segment, whatever the version of its headers', () => {
    const { init } = readFixture('h264-aac');
    const { moov } = read(makeMovie([picturesAt(0, samples(2)), soundAt(0, samples(2))]));
    const again = parseInitSegment(moov);
    expect(again.configDigest).toBe(init.configDigest);
    const wide = read(makeMovie([picturesAt(0, samples(3, { durationTicks: 2 ** 31 }))])).moov;
    const movie = new Movie({ ...parseInitSegment(wide), bytes: wide });
    movie.add({ moof: picturesAt(0, samples(2)).moof, sizeBytes: 1_000 });
    expect(read(movie).video.mediaTicks).toBe(2 * STEP);
  });
});

describe('the silence of a movie', () => {
  const sound = (startTicks: number, count: number) => soundAt(startTicks, samples(count, { bytes: Buffer.from('s') }));

  it('is not there while the sound goes on', () => {
    expect(makeMovie([sound(0, 8), sound(8 * STEP, 8)]).silence).toHaveLength(0);
  });

  it('fills a pause with frames that are all the same bytes', () => {
    const movie = makeMovie([sound(0, 8), sound(2_000 * STEP, 8)]);
    const { audio } = read(movie);
    expect(audio.samples).toHaveLength(2_008);
    expect(new Set(durations(audio))).toEqual(new Set([STEP]));
    const silent = audio.samples.slice(8, 2_000);
    expect(new Set(silent.map(({ offset }) => offset))).toEqual(new Set([SILENCE_AT + 1]));
    expect(new Set(silent.map(({ sizeBytes }) => sizeBytes))).toEqual(new Set([6]));
    expect(movie.silence.toString('hex')).toBe('00c800802380');
    expect([movie.pausesBefore(0), movie.pausesBefore(1)]).toEqual([false, true]);
    expect(audio.samples[2_000]!.offset).toBeGreaterThan(FRAGMENT_AT * 2);
  });
});
