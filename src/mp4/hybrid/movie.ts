import { type Box, findBox, findBoxes, Mp4Error } from '../boxes.js';
import { buildBox, uint32 } from '../box-writer.js';
import type { InitSegment } from '../init-segment.js';
import { type Silence, SilenceFiller } from '../silence.js';
import { isSyncSample, readTrackFragments, type SampleRun } from '../track-fragment.js';
import { countKeyFrames, type KeyFrames } from './key-frames.js';
import { SampleTable, type SoundRun, type TableSample } from './sample-table.js';
import type { Places } from './table-boxes.js';
import { buildTrack, measureTrack, rebuildHeader, type TrackTiming } from './track-boxes.js';

export interface MovieFragment {
  /** On the timeline of the file, with what does not count cut off. */
  moof: Buffer;
  /** moof and mdat as stored. */
  sizeBytes: number;
}

/** Plain MP4 with H.264 or anything else; no player has asked for more. */
export const FILE_TYPE = buildBox('ftyp', Buffer.from('isom'), uint32(0x200), Buffer.from('isomiso2avc1mp41'));

interface TimedTable {
  table: SampleTable;
  timing: TrackTiming;
}

/** The sample tables of one MP4 file, growing fragment by fragment in order of time. */
export class Movie {
  /** So many were added. */
  fragmentCount = 0;
  private readonly tables: SampleTable[];
  private readonly filler: SilenceFiller;
  private readonly pauses = new Set<number>();

  constructor(private readonly init: InitSegment) {
    this.tables = init.tracks.map((track) => new SampleTable(track));
    this.filler = new SilenceFiller(init);
  }

  /**
   * Its index is the number of those before it.
   * @throws Mp4Error on a `moof` that cannot be read
   */
  add({ moof, sizeBytes }: MovieFragment): void {
    const fragments = readTrackFragments(moof, this.init);
    for (const silence of this.filler.before(fragments)) this.addSilence(silence);
    for (const { track, startTicks, runs } of fragments) {
      let atTicks = startTicks;
      for (const run of runs) {
        this.addRun(this.tableOf(track.trackId), atTicks, run, sizeBytes);
        atTicks = run.samples.reduce((at, { durationTicks }) => at + durationTicks, atTicks);
      }
    }
    this.fragmentCount += 1;
  }

  /**
   * A take has ended, and another one follows: stray sound far behind its pictures would take the place of the sound that comes then.
   * @param mostAloneMs sound may go on so long after the last picture
   */
  endTake(mostAloneMs: number): void {
    const { endTicks, track } = this.pictures;
    this.endSoundAt(endTicks / track.timescale + mostAloneMs / 1_000);
    if (!this.filler.track) return;
    const table = this.tableOf(this.filler.track.trackId);
    table.dropSilence();
    if (table.sampleCount === 0) this.filler.beginAnew();
    else this.filler.endAt(table.endTicks);
  }

  /** Nothing will be added: sound that begins behind the last picture is no part of the movie. */
  end(): void {
    const { sampleCount, track } = this.pictures;
    if (sampleCount > 0) this.endSoundAt(this.pictures.presentation().endTicks / track.timescale);
  }

  /** The frame that all silence consists of, to be stored where it is needed; empty when it is not. */
  get silence(): Buffer {
    return this.pauses.size > 0 ? this.filler.frame! : Buffer.alloc(0);
  }

  /** The sound pauses before that fragment: there must be a silent frame for it. */
  pausesBefore(fragment: number): boolean {
    return this.pauses.has(fragment);
  }

  /** Where the sound of some fragments lies in them, in order. */
  findSound(fragments: readonly number[]): SoundRun[] {
    const wanted = new Set(fragments);
    return this.tables
      .filter(({ track }) => track.kind === 'audio')
      .flatMap((table) => table.listRuns().filter(({ fragment }) => wanted.has(fragment)));
  }

  /** Length of the presentation. */
  get durationMs(): number {
    const timed = this.timeTables();
    const ends = timed.map(({ table, timing }) => timing.presentation.endTicks / table.track.timescale);
    return timed.length === 0 ? 0 : (Math.max(...ends) - timed[0]!.timing.originSec) * 1_000;
  }

  /** How far the key frames of the video are apart. */
  get keyFrames(): KeyFrames {
    return countKeyFrames(this.pictures);
  }

  /** Size of `ftyp` and `moov` in a file that is (or is not) larger than 32-bit offsets can say. */
  headBytes(large: boolean): number {
    return FILE_TYPE.length + this.buildMoov({ sampleAt: () => 0, silenceAt: () => 0, large }).length;
  }

  /** `ftyp` and `moov`, which refer to fragments and silence in their places. */
  build(places: Places): { ftyp: Buffer; moov: Buffer } {
    return { ftyp: FILE_TYPE, moov: this.buildMoov(places) };
  }

  private addRun(table: SampleTable, startTicks: number, { dataOffset, samples }: SampleRun, sizeBytes: number): void {
    if (dataOffset === null) throw new Mp4Error('a fragment counts from the start of a file that is not known');
    const inside: TableSample[] = [];
    let endAt = dataOffset;
    for (const sample of samples) {
      endAt += sample.sizeBytes;
      if (endAt > sizeBytes) break; // its bytes are not there
      const { durationTicks, compositionTicks, flags } = sample;
      inside.push({ durationTicks, compositionTicks, sizeBytes: sample.sizeBytes, isSync: isSyncSample(flags) });
    }
    table.addChunk(startTicks, inside, { fragment: this.fragmentCount, offset: dataOffset });
  }

  /** Each frame is a chunk of its own, since all of them are the same bytes. */
  private addSilence({ startTicks, durationsTicks }: Silence): void {
    const table = this.tableOf(this.filler.track!.trackId);
    const sizeBytes = this.filler.frame!.length;
    this.pauses.add(this.fragmentCount);
    let atTicks = startTicks;
    for (const durationTicks of durationsTicks) {
      const sample = { durationTicks, sizeBytes, compositionTicks: 0, isSync: true };
      table.addChunk(atTicks, [sample], { fragment: this.fragmentCount, offset: 'silence' });
      atTicks += durationTicks;
    }
  }

  private endSoundAt(endSec: number): void {
    for (const table of this.tables) {
      if (table === this.pictures) continue;
      const endTicks = Math.ceil(endSec * table.track.timescale);
      table.endAt(endTicks);
      if (table.track === this.filler.track) this.filler.endAt(endTicks);
    }
  }

  private get pictures(): SampleTable {
    return this.tableOf(this.init.video.trackId);
  }

  private tableOf(trackId: number): SampleTable {
    return this.tables.find(({ track }) => track.trackId === trackId)!;
  }

  /** A track that was announced and never came is left out: no player wants an empty one. */
  private timeTables(): TimedTable[] {
    const presented = this.tables
      .filter(({ sampleCount }) => sampleCount > 0)
      .map((table) => ({ table, presentation: table.presentation() }));
    const starts = presented.map(({ table, presentation }) => presentation.startTicks / table.track.timescale);
    const originSec = Math.min(...starts);
    // As fine as the pictures' own time, so that a sound which begins earlier moves them by no fraction of a tick.
    const movieTimescale = this.init.video.timescale;
    return presented.map(({ table, presentation }) => ({ table, timing: { presentation, movieTimescale, originSec } }));
  }

  private buildMoov(places: Places): Buffer {
    const { bytes, video } = this.init;
    const moov = findBox(bytes, ['moov']);
    const mvhd = moov && findBox(bytes, ['mvhd'], moov.bodyStart, moov.end);
    if (!moov || !mvhd) throw new Mp4Error('no mvhd in the init segment');
    const traks = findBoxes(bytes, 'trak', moov);
    const timed = this.timeTables();
    const lengths = timed.map(({ table, timing }) => measureTrack(table, timing));
    const durationTicks = Math.max(0, ...lengths.map(({ emptyTicks, shownTicks }) => emptyTicks + shownTicks));
    const tracks = timed.map(({ table, timing }) => {
      const trak: Box = traks[this.init.tracks.indexOf(table.track)]!;
      return buildTrack(bytes, trak, table, timing, places);
    });
    return buildBox('moov', rebuildHeader(bytes, mvhd, { durationTicks, timescale: video.timescale }), ...tracks);
  }
}
