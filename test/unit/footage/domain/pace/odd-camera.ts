import { applyAnchors, type Arrival } from '../../../../../src/modules/footage/domain/capture-clock.js';
import type { StoredFragment } from '../../../../../src/modules/footage/domain/footage.js';
import { type FragmentTiming, readFragmentTiming } from '../../../../../src/mp4/fragment.js';
import { CaptureTimes, type TimedCapture } from '../../../../../src/modules/footage/domain/pace/capture-times.js';
import type { KnownPaces } from '../../../../../src/modules/footage/domain/pace/stream-pace.js';
import { readTrackFragments } from '../../../../../src/mp4/track-fragment.js';
import { makeMoofOf, readFixture } from '../../../../support/footage.js';

export const { init } = readFixture('h264-aac');
const TIMESCALE = 10_240;
/** Where FFmpeg is told to let a capture begin. */
const OFFSET_MS = 10_000;
/** The wall clock when the camera takes its first picture. */
export const START_AT = 1_800_000_000_000;

export interface OddCamera {
  /** Pictures a second that its times say, and that it really sends, after so many milliseconds. */
  stampedFps: number;
  sentFps: number | ((atMs: number) => number);
  forMs: number;
  /** Its sender reports put the times right this often; null: nobody hears them. */
  reportsEveryMs?: number | null;
  /** FFmpeg looks at the stream for so long before it gives anything. */
  lookMs?: number;
  gopFrames?: number;
  /** FFmpeg gives a picture only when it has seen where the next one begins. */
  keepsBack?: boolean;
  /** How long a picture is on its way, and its neighbours with it. */
  delayMs?: (atMs: number) => number;
  known?: KnownPaces;
}

/** One fragment, and what is true of it. */
export interface Taken {
  fragment: StoredFragment;
  /** When its first picture was taken. */
  takenAtMs: number;
  endedAtMs: number;
}

/** Cuts what such a camera sends as FFmpeg does, and tells `CaptureTimes` of it as the log does. */
export class OddRun {
  readonly capture: TimedCapture = { epochMs: START_AT };
  readonly taken: Taken[] = [];
  readonly timings: FragmentTiming[] = [];
  /** By how much times were taken to have jumped. */
  readonly jumps: number[] = [];
  /** Of all pictures. */
  readonly durationsMs: number[] = [];
  readonly times: CaptureTimes;

  constructor(private readonly camera: OddCamera) {
    const firstArrivalMs = camera.lookMs ?? 1_500;
    this.capture.epochMs = START_AT + firstArrivalMs - OFFSET_MS;
    this.times = new CaptureTimes(this.capture, init, { known: camera.known ?? {}, heardFromMs: -200 });
    this.play();
  }

  /** How far each fragment stands from when its pictures were taken, by the index. */
  errors(): number[] {
    return this.taken.map(({ fragment, takenAtMs }) => this.capture.epochMs + fragment.startMs - takenAtMs);
  }

  /** The same, as a restart would read it back. */
  errorsFromDisk(): number[] {
    const anchors = this.capture.anchors ?? [];
    return this.timings.map(
      (timing, index) => this.capture.epochMs + applyAnchors(timing, anchors).startMs - this.taken[index]!.takenAtMs,
    );
  }

  private play(): void {
    const { stampedFps, sentFps, forMs, reportsEveryMs = null, gopFrames = 50 } = this.camera;
    const fpsAt = typeof sentFps === 'number' ? () => sentFps : sentFps;
    const stepMs = 1_000 / stampedFps;
    let [atMs, stampMs, lastTicks] = [0, 0, -1];
    let reportAtMs = 0;
    let pictures: { atMs: number; ticks: number }[] = [];
    let sinceKey = 0;
    for (let number = 0; atMs < forMs; number += 1) {
      if (reportsEveryMs !== null && atMs >= reportAtMs) {
        stampMs = atMs;
        reportAtMs += reportsEveryMs;
      }
      // The muxer writes a time that is not later than the last one a tick after it.
      const ticks = Math.max(lastTicks + 1, Math.round(((OFFSET_MS + stampMs) * TIMESCALE) / 1_000));
      const isKey = sinceKey === gopFrames;
      if (isKey) sinceKey = 0;
      const first = pictures[0];
      if (first && (isKey || ticks - first.ticks >= TIMESCALE)) {
        this.arrive(pictures, { atMs, ticks });
        pictures = [];
      }
      pictures.push({ atMs, ticks });
      lastTicks = ticks;
      stampMs += stepMs;
      sinceKey += 1;
      atMs += 1_000 / fpsAt(atMs);
    }
  }

  private arrive(pictures: { atMs: number; ticks: number }[], next: { atMs: number; ticks: number }): void {
    const { lookMs = 1_500, delayMs = () => 30, keepsBack = false, sentFps } = this.camera;
    const samples = pictures.map(({ ticks }, index) => ({
      durationTicks: (pictures[index + 1] ?? next).ticks - ticks,
      compositionTicks: 0,
    }));
    const moof = makeMoofOf([{ trackId: init.video.trackId, startTicks: pictures[0]!.ticks, samples }]);
    const keptMs = keepsBack ? 1_000 / (typeof sentFps === 'number' ? sentFps : sentFps(next.atMs)) : 0;
    const cameMs = Math.max(lookMs, next.atMs + keptMs + delayMs(next.atMs));
    const arrival: Arrival = { wallMs: START_AT + cameMs, monoMs: cameMs };
    const lag = this.times.arrive(moof, arrival);
    const timing = readFragmentTiming(moof, init)!;
    const jumpMs = this.times.follow(timing, arrival, lag);
    if (jumpMs !== 0) this.jumps.push(jumpMs);
    const place = { segment: '000001.m4s', offset: 0, moofBytes: moof.length, sizeBytes: moof.length };
    const fragment: StoredFragment = { ...applyAnchors(timing, this.capture.anchors ?? []), ...place };
    this.times.indexed(fragment, timing);
    this.timings.push(timing);
    this.taken.push({
      fragment,
      takenAtMs: START_AT + pictures[0]!.atMs,
      endedAtMs: START_AT + next.atMs,
    });
    const [video] = readTrackFragments(moof, init);
    this.durationsMs.push(...video!.samples.map(({ durationTicks }) => (durationTicks * 1_000) / TIMESCALE));
  }
}
