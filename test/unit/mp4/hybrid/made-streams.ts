import fc from 'fast-check';
import type { StoredFragment } from '../../../../src/modules/footage/domain/footage.js';
import type { MovieTake } from '../../../../src/mp4/hybrid/timeline.js';
import { readFragmentTiming } from '../../../../src/mp4/fragment.js';
import type { InitSegment } from '../../../../src/mp4/init-segment.js';
import { readFixture } from '../../../support/footage.js';
import { AUDIO, makeFragment, type MadeFragment, type MadeSample, VIDEO } from './made-footage.js';

/** What a camera sent and FFmpeg made of it, as far as it matters where things stand in time. */
export interface StreamPlan {
  fps: number;
  bFrames: boolean;
  /** Of each frame, as a share of a step. */
  jitter: readonly number[];
  gopSec: number;
  seconds: number;
  /** Ticks per second of the sound; null: announced, and never sent. */
  soundHz: number | null;
  /** Its first time, seen from the first picture. */
  soundFromSec: number;
  soundForSec: number;
  /** How much later than pictures of its own time it stands in the stream. */
  soundLateSec: number;
  /** Stretches of sound that did not come, as shares of its length. */
  pauses: readonly { from: number; length: number }[];
  /** Fragments without sound have a header for it all the same. */
  emptyHeaders: boolean;
  /** Wall clock from the end of the take before. */
  gapSec: number;
}

/** A sample as it was sent, known by its bytes. */
export interface SentSample {
  bytes: string;
  /** When it is decoded and shown, on the clock of its capture. */
  decodedSec: number;
  shownSec: number;
  durationSec: number;
}

export interface SentTake {
  take: MovieTake;
  fragments: MadeFragment[];
  video: SentSample[];
  sound: SentSample[];
}

/** Of a capture: FFmpeg begins there. */
const START_SEC = 10;
const VIDEO_HZ = 90_000;
const AAC_SAMPLES = 1_024;
const RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000];

export const streamPlans: fc.Arbitrary<StreamPlan> = fc.record({
  fps: fc.constantFrom(25, 15, 1),
  bFrames: fc.boolean(),
  jitter: fc.array(fc.double({ min: 0, max: 0.4, noNaN: true }), { minLength: 1, maxLength: 7 }),
  gopSec: fc.constantFrom(1, 2, 4),
  seconds: fc.integer({ min: 2, max: 16 }),
  soundHz: fc.option(fc.constantFrom(8_000, 16_000, 32_000, 48_000), { freq: 6 }),
  soundFromSec: fc.double({ min: -12, max: 12, noNaN: true }),
  soundForSec: fc.double({ min: 0.1, max: 24, noNaN: true }),
  soundLateSec: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 14, noNaN: true })),
  pauses: fc.array(
    fc.record({
      from: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.double({ min: 0, max: 0.3, noNaN: true }),
    }),
    { maxLength: 2 },
  ),
  emptyHeaders: fc.boolean(),
  gapSec: fc.double({ min: 0, max: 20, noNaN: true }),
});

/** The tracks of the fixture with other clocks: they are what fragments count in. */
export function initOf(soundHz: number): InitSegment {
  const { init } = readFixture('h264-aac');
  const rate = RATES.indexOf(soundHz);
  const tracks = init.tracks.map((track) => {
    if (track.kind === 'video') return { ...track, timescale: VIDEO_HZ };
    const decoderConfig = Buffer.alloc(2);
    decoderConfig.writeUInt16BE((2 << 11) | (rate << 7) | (1 << 3));
    return { ...track, timescale: soundHz, decoderConfig };
  });
  return { ...init, tracks, video: tracks.find(({ kind }) => kind === 'video')! };
}

/**
 * Takes of one camera, one behind the other on the wall clock.
 * @param soundHz of all of them: footage of one configuration
 */
export function makeTakes(plans: readonly StreamPlan[], soundHz: number): SentTake[] {
  const init = initOf(soundHz);
  let endMs = 1_800_000_000_000;
  return plans.map((plan, index) => {
    const epochMs = endMs + plan.gapSec * 1_000 - START_SEC * 1_000;
    const sent = makeTake(plan, { init, epochMs, name: String.fromCharCode(97 + index) });
    const last = sent.take.fragments.at(-1)!;
    endMs = epochMs + last.startMs + last.durationMs;
    return sent;
  });
}

interface Timed {
  sample: MadeSample;
  ticks: number;
}

function makeTake(
  plan: StreamPlan,
  { init, epochMs, name }: { init: InitSegment; epochMs: number; name: string },
): SentTake {
  const soundHz = init.tracks.find(({ kind }) => kind === 'audio')!.timescale;
  const pictures = makePictures(plan, name);
  const sounds = makeSound(plan, name, soundHz);
  const fragments: MadeFragment[] = [];
  let [heard, from] = [0, 0];
  for (let at = 1; at <= pictures.length; at += 1) {
    const first = pictures[from]!;
    const next = pictures[at];
    if (next && !next.sample.isSync && next.ticks - first.ticks < VIDEO_HZ) continue;
    const untilSec = (next?.ticks ?? Infinity) / VIDEO_HZ - plan.soundLateSec;
    const heardBefore = heard;
    while (heard < sounds.length && sounds[heard]!.ticks / soundHz < untilSec) heard += 1;
    const sound = sounds.slice(heardBefore, heard);
    const runs = [
      { trackId: VIDEO, startTicks: first.ticks, samples: pictures.slice(from, at).map(({ sample }) => sample) },
    ];
    if (sound.length > 0 || plan.emptyHeaders) {
      // A pause is the time of the sample before it, as far as the fragment knows of the pause.
      const samples = sound.map(({ sample, ticks }, index) => ({
        ...sample,
        durationTicks: (sound[index + 1]?.ticks ?? ticks + sample.durationTicks) - ticks,
      }));
      runs.push({ trackId: AUDIO, startTicks: sound[0]?.ticks ?? 0, samples });
    }
    fragments.push(makeFragment(...runs));
    from = at;
  }
  const sent =
    (hz: number) =>
    ({ sample, ticks }: Timed) => ({
      bytes: sample.bytes.toString(),
      decodedSec: ticks / hz,
      shownSec: (ticks + (sample.compositionTicks ?? 0)) / hz,
      durationSec: sample.durationTicks / hz,
    });
  let offset = 0;
  const stored = fragments.map(({ moof, bytes }): StoredFragment => {
    const place = { segment: `${name}.m4s`, offset, moofBytes: moof.length, sizeBytes: bytes.length };
    offset += bytes.length;
    return { ...readFragmentTiming(moof, init)!, ...place };
  });
  const moofs = fragments.map(({ moof }) => moof);
  return {
    take: { capture: { captureId: name, init, epochMs }, fragments: stored, moofs },
    fragments,
    video: pictures.map(sent(VIDEO_HZ)),
    sound: sounds.slice(0, heard).map(sent(soundHz)),
  };
}

/** With B-frames: I P b P b … in decode order, each picture whole at the end. */
function makePictures({ fps, bFrames, jitter, gopSec, seconds }: StreamPlan, name: string): Timed[] {
  const step = VIDEO_HZ / fps;
  const count = Math.max(3, seconds * fps) | 1;
  const times = Array.from({ length: count + 1 }, (_, index) =>
    Math.round(VIDEO_HZ * START_SEC + step * (index + (bFrames ? 0 : jitter[index % jitter.length]!))),
  );
  const keyEvery = Math.max(1, gopSec * fps) | 1;
  return times.slice(0, count).map((ticks, index) => {
    const inGop = index % keyEvery;
    const isSync = inGop === 0;
    const isLastOfGop = inGop === keyEvery - 1 || index === count - 1;
    // A P-frame is shown behind the b-frame that follows it in decode order.
    const shownSteps = !bFrames || isSync ? 1 : inGop % 2 === 1 && !isLastOfGop ? 2 : inGop % 2 === 0 ? 0 : 1;
    return {
      ticks,
      sample: {
        ...{ durationTicks: times[index + 1]! - ticks, bytes: Buffer.from(`v-${name}-${index};`), isSync },
        ...(bFrames ? { compositionTicks: shownSteps * step } : {}),
      },
    };
  });
}

function makeSound({ soundFromSec, soundForSec, pauses, soundHz }: StreamPlan, name: string, hz: number): Timed[] {
  if (soundHz === null) return [];
  const count = Math.max(1, Math.round((soundForSec * hz) / AAC_SAMPLES));
  const first = Math.round((START_SEC + soundFromSec) * hz);
  const isPaused = (share: number) => pauses.some(({ from, length }) => share > from && share < from + length);
  return Array.from({ length: count }, (_, index) => ({
    ticks: first + index * AAC_SAMPLES,
    sample: { durationTicks: AAC_SAMPLES, bytes: Buffer.from(`s-${name}-${index};`) },
  })).filter((_, index) => !isPaused(index / count));
}
