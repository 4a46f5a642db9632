import { median } from '../../../../mp4/fragment-repair.js';
import type { InitSegment, Track } from '../../../../mp4/init-segment.js';
import { retimeTrack } from '../../../../mp4/retime.js';
import { readTrackFragments, type TrackFragment } from '../../../../mp4/track-fragment.js';
import { isCrammed } from '../../../../mp4/usual-times.js';
import { TrackPace } from './track-pace.js';
import type { Pace, PaceFound, TrackTimes } from './track-times.js';

/** What is known of a camera's clocks, for its next session. */
export type KnownPaces = Partial<Record<Track['kind'], Pace>>;

/** Sample entries of codecs whose pictures FFmpeg finds in the stream by looking for the start of the next one (libavcodec/parser.c). Each of MJPEG is whole by itself. */
const PARSED = new Set(['avc1', 'avc3', 'hvc1', 'hev1', 'mp4v']);
/** A frame that is shown for so many usual steps stands. */
const STANDS = 1.5;

/** The pace of all tracks of one FFmpeg run; each may have a clock of its own. */
export class StreamPace {
  private readonly tracks = new Map<number, TrackPace>();
  /**
   * How long FFmpeg kept the video that came before: for as long as the next picture is shown, where that was placed, but no longer than the
   * one before it was (a picture that stands once is no rate, but times that jump), nor than sound went on: sound may end a fragment.
   */
  keptMs = 0;
  private heardMs = Infinity;
  private lastStepMs = 0;

  constructor(
    private readonly init: InitSegment,
    private readonly known: KnownPaces,
    private readonly heardFromMs: number | null,
  ) {}

  /** By how much the video that came last should stand later than it does; below zero: earlier. */
  get lagMs(): number {
    return this.tracks.get(this.init.video.trackId)?.lagMs ?? 0;
  }

  /** Where the video that came last was placed to end. */
  get endMs(): number {
    return this.tracks.get(this.init.video.trackId)?.endMs ?? 0;
  }

  /** What the next session should begin with. */
  get paces(): KnownPaces {
    const all = this.init.tracks.flatMap(({ trackId, kind }) => {
      const pace = this.tracks.get(trackId)?.known ?? this.known[kind];
      return pace ? [[kind, pace] as const] : [];
    });
    return Object.fromEntries(all);
  }

  /**
   * Puts the next fragment where it belongs, in place.
   * @param monoMs when it came
   * @returns what was found out by it of the video that came before
   */
  follow(moof: Buffer, monoMs: number): PaceFound | null {
    let news: PaceFound | null = null;
    let [videoEndMs, soundEndMs] = [0, -Infinity];
    for (const fragment of readTrackFragments(moof, this.init)) {
      const { track, samples } = fragment;
      if (samples.length === 0) continue;
      const times = timesOf(fragment);
      const { placement, found } = this.paceOf(track).follow(times, monoMs);
      const isAsItWas = placement.startMs === times.startMs && placement.endMs === times.endMs && !placement.isEven;
      if (!isAsItWas) retimeTrack(moof, fragment, placement);
      if (track.kind === 'audio') soundEndMs = placement.endMs;
      if (track !== this.init.video) continue;
      news = found;
      videoEndMs = placement.endMs;
      const stretch = (placement.endMs - placement.startMs) / Math.max(times.endMs - times.startMs, 1);
      const isParsed = PARSED.has(track.sampleEntry);
      this.keptMs = isParsed ? Math.min(times.firstMs * stretch, this.lastStepMs, this.heardMs) : 0;
      this.lastStepMs = times.lastMs * stretch;
    }
    this.heardMs = soundEndMs === -Infinity ? Infinity : Math.max(0, soundEndMs - videoEndMs);
    this.tracks.get(this.init.video.trackId)?.heardFor(this.heardMs);
    return news;
  }

  private paceOf({ trackId, kind, sampleEntry }: Track): TrackPace {
    const from = { heardFromMs: this.heardFromMs, keepsBack: PARSED.has(sampleEntry) };
    const pace = this.tracks.get(trackId) ?? new TrackPace(this.known[kind] ?? null, from);
    this.tracks.set(trackId, pace);
    return pace;
  }
}

function timesOf({ track, samples, startTicks }: TrackFragment): TrackTimes {
  const ms = (ticks: number) => (ticks * 1_000) / track.timescale;
  const durations = samples.map(({ durationTicks }) => durationTicks);
  const usualTicks = median(durations);
  const stands = (ticks: number) => usualTicks > 0 && ticks > usualTicks * STANDS;
  const standing = durations.filter(stands);
  const behind = durations.slice(durations.findLastIndex(stands) + 1);
  return {
    startMs: ms(startTicks),
    endMs: ms(durations.reduce((at, ticks) => at + ticks, startTicks)),
    frames: samples.length,
    firstMs: ms(durations[0]!),
    lastMs: ms(durations.at(-1)!),
    standingMs: ms(standing.reduce((sum, ticks) => sum + ticks - usualTicks, 0)),
    behind: { frames: behind.length, lengthMs: ms(behind.reduce((sum, ticks) => sum + ticks, 0)) },
    crammed: durations.filter((ticks) => isCrammed(ticks, track.timescale)).length / samples.length,
  };
}
