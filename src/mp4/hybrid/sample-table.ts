import type { Track } from '../init-segment.js';
import { growingInts, growingUints } from './growing-ints.js';

/** A sample as it goes into the table; times in ticks of its track. */
export interface TableSample {
  durationTicks: number;
  compositionTicks: number;
  sizeBytes: number;
  isSync: boolean;
}

/** Where consecutive samples lie: at an offset inside a fragment, or in the silence that fills the pause before it. */
export interface ChunkPlace {
  fragment: number;
  offset: number | 'silence';
}

/** Bytes of a fragment that are sound: [from, to). */
export interface SoundRun {
  fragment: number;
  from: number;
  to: number;
}

/** Instead of an offset. */
const SILENCE = 0xffff_ffff;

/** When a track is presented, on the timeline that all tracks share, in ticks of the track. */
export interface Presentation {
  /** Decode time of the first sample. */
  decodeStartTicks: number;
  /**
   * Of the sample that is shown first, and the end of the one that is shown last. Pictures before the key frame at the very start do not
   * count: they lean on what is not there (open GOP), and FFmpeg warns of an edit that begins with them.
   */
  startTicks: number;
  endTicks: number;
  /** Sum of all durations. */
  mediaTicks: number;
}

/** A duration has 32 bits (14496-12, 8.6.1.2); what is beyond goes to the samples that follow. */
const MAX_TICKS = 0xffff_ffff;

/** All samples of one track, in the order in which they are decoded. */
export class SampleTable {
  readonly durations = growingUints();
  readonly compositions = growingInts();
  readonly sizes = growingUints();
  /** Numbers of the sync samples, counted from 1. */
  readonly syncs = growingUints();
  /** One entry for each chunk. */
  private readonly chunkFragments = growingUints();
  readonly chunkSamples = growingUints();
  private readonly chunkOffsets = growingUints();
  private firstTicks = 0;
  private lastTicks = 0;

  constructor(readonly track: Track) {}

  get sampleCount(): number {
    return this.sizes.length;
  }

  /** When the last sample has been decoded; 0 for a table without samples. */
  get endTicks(): number {
    return this.sampleCount === 0 ? 0 : this.lastTicks + this.durations.at(-1);
  }

  /** Lets the previous sample last until this chunk begins, whatever its own fragment said: during a pause the last picture stays. */
  addChunk(startTicks: number, samples: readonly TableSample[], { fragment, offset }: ChunkPlace): void {
    if (samples.length === 0) return;
    if (this.sampleCount === 0) this.firstTicks = startTicks;
    else this.durations.setLast(Math.min(MAX_TICKS, Math.max(1, startTicks - this.lastTicks)));
    let atTicks = this.sampleCount === 0 ? startTicks : this.lastTicks + this.durations.at(-1);
    for (const sample of samples) {
      this.addSample(sample);
      this.lastTicks = atTicks;
      atTicks += sample.durationTicks;
    }
    this.chunkFragments.push(fragment);
    this.chunkOffsets.push(offset === 'silence' ? SILENCE : offset);
    this.chunkSamples.push(samples.length);
  }

  /** Ends the table at `ticks`: samples that begin then or later are taken out, the one before them lasts until then at most. */
  endAt(ticks: number): void {
    while (this.sampleCount > 0 && this.lastTicks >= ticks) {
      const [left, inChunk] = [this.sampleCount - 1, this.chunkSamples.at(-1) - 1];
      this.lastTicks -= this.durations.at(left - 1);
      for (const column of [this.durations, this.compositions, this.sizes]) column.truncate(left);
      if (this.syncs.at(-1) > left) this.syncs.truncate(this.syncs.length - 1);
      if (inChunk > 0) this.chunkSamples.setLast(inChunk);
      else this.dropLastChunk();
    }
    if (this.sampleCount > 0) this.durations.setLast(Math.min(this.durations.at(-1), ticks - this.lastTicks));
  }

  /** Takes out the silence at its end: it led to sound that did not stay. */
  dropSilence(): void {
    while (this.chunkOffsets.length > 0 && this.chunkOffsets.at(-1) === SILENCE) this.endAt(this.lastTicks);
  }

  private dropLastChunk(): void {
    const left = this.chunkCount - 1;
    for (const column of [this.chunkFragments, this.chunkSamples, this.chunkOffsets]) column.truncate(left);
  }

  get chunkCount(): number {
    return this.chunkSamples.length;
  }

  chunkPlace(index: number): ChunkPlace {
    const offset = this.chunkOffsets.at(index);
    return { fragment: this.chunkFragments.at(index), offset: offset === SILENCE ? 'silence' : offset };
  }

  /** The bytes of each chunk that lies in a fragment. */
  listRuns(): SoundRun[] {
    const runs: SoundRun[] = [];
    let sample = 0;
    for (let index = 0; index < this.chunkCount; index += 1) {
      let sizeBytes = 0;
      for (const end = sample + this.chunkSamples.at(index); sample < end; sample += 1)
        sizeBytes += this.sizes.at(sample);
      const { fragment, offset } = this.chunkPlace(index);
      if (offset !== 'silence') runs.push({ fragment, from: offset, to: offset + sizeBytes });
    }
    return runs;
  }

  /** For a table that is not empty. */
  presentation(): Presentation {
    const keyTicks = this.syncs.at(0) === 1 ? this.firstTicks + this.compositions.at(0) : -Infinity;
    let [atTicks, startTicks, endTicks] = [this.firstTicks, Infinity, -Infinity];
    for (let index = 0; index < this.sampleCount; index += 1) {
      const shownTicks = atTicks + this.compositions.at(index);
      const durationTicks = this.durations.at(index);
      startTicks = Math.min(startTicks, shownTicks);
      endTicks = Math.max(endTicks, shownTicks + durationTicks);
      atTicks += durationTicks;
    }
    return {
      decodeStartTicks: this.firstTicks,
      // No edit can say that something is shown before the first sample is decoded.
      startTicks: Math.max(startTicks, this.firstTicks, keyTicks),
      ...{ endTicks, mediaTicks: atTicks - this.firstTicks },
    };
  }

  private addSample({ durationTicks, compositionTicks, sizeBytes, isSync }: TableSample): void {
    this.durations.push(durationTicks);
    this.compositions.push(compositionTicks);
    this.sizes.push(sizeBytes);
    if (isSync) this.syncs.push(this.sampleCount);
  }
}
