import type { GapCause } from '../../schema/ledger.js';
import { type FragmentTiming, readFragmentTiming } from '../../mp4/fragment.js';
import { mendFirstFrames } from '../../mp4/fragment-repair.js';
import { JumpWatch } from '../../mp4/jump-watch.js';
import { ParameterWatch } from '../../mp4/parameter-watch.js';
import type { CaptureFiles } from './capture-files.store.js';
import type { Arrival } from './domain/capture-clock.js';
import type { StoredFragment } from './domain/footage.js';
import { CaptureTimes, type Lag } from './domain/pace/capture-times.js';
import type { KnownPaces } from './domain/pace/stream-pace.js';
import { RunTimeline } from './run-timeline.js';
import type { SegmentWriter } from './segment-writer.store.js';

/** Times that are not clear after so long are not going to be: what is held is written as it is, and nothing is held any more. */
const MAX_HELD_MS = 8_000;

/** A fragment in the log. */
export interface WrittenFragment {
  capture: CaptureFiles;
  fragment: StoredFragment;
  /** The machine's wall clock was set just before it. */
  isClockSet: boolean;
}

/** Another capture of the same run. */
export type NextCapture = Pick<CaptureFiles, 'epochMs' | 'anchors'> & { init: Buffer; startedAtMs: number };

interface HeldFragment {
  moof: Buffer;
  mdat: Buffer;
  arrival: Arrival;
  lag: Lag;
}

/** What is known of a camera's clocks, from one session to the next. */
export interface ClockMemory {
  paces: KnownPaces;
}

/**
 * Writes what one FFmpeg run gives into the log and tells its time: into one capture, and into a new one from a key frame on when the
 * machine's wall clock was set, or when the camera sends pictures of another size or kind. Calls must not overlap: the reader of the pipe awaits each.
 */
export class CaptureWriter {
  /** By how much the camera's times have jumped; what follows from this run cannot be used. */
  jumpMs = 0;
  /** Fragments in the log, of all captures of this run. */
  writtenCount = 0;
  private readonly times: CaptureTimes;
  private readonly jumps: JumpWatch;
  private readonly parameters: ParameterWatch;
  private readonly timeline: RunTimeline;
  private readonly held: HeldFragment[] = [];
  private isFirst = true;
  private mayHold = true;
  private isJumpTold = false;

  /**
   * @param open begins another capture of the same run
   * @param heardFromMs since when the camera may have been heard, on the clock of arrivals
   */
  constructor(
    private files: SegmentWriter,
    private readonly open: (next: NextCapture) => Promise<SegmentWriter>,
    private readonly memory: ClockMemory,
    heardFromMs: number | null,
  ) {
    const { init } = files.capture;
    this.timeline = new RunTimeline(files);
    this.times = new CaptureTimes(this.timeline, init, { known: memory.paces, heardFromMs });
    this.jumps = new JumpWatch(init);
    this.parameters = new ParameterWatch(init);
  }

  get capture(): CaptureFiles {
    return this.files.capture;
  }

  /** Whether it is known by now when its footage was taken; until then it stands too late, by up to some seconds. */
  get isPlaced(): boolean {
    return this.times.isPaced;
  }

  /** Whether fragments wait for what the next one tells of their times. */
  get isHolding(): boolean {
    return this.jumps.isOpen && this.mayHold;
  }

  /**
   * @returns what was written: mostly this one fragment; none without video, nor while the next one must tell whether times jump; then several
   * @throws also what the disk said to an earlier fragment, when that one was brought to stable storage
   */
  async append(moof: Buffer, mdat: Buffer, arrival: Arrival): Promise<WrittenFragment[]> {
    if (this.isFirst) mendFirstFrames(moof, this.capture.init);
    this.isFirst = false;
    const lag = this.times.arrive(moof, arrival);
    this.jumps.shift(moof);
    this.jumpMs = this.jumps.look(moof, (endMs) => this.times.aheadBy(endMs, arrival));
    this.held.push({ moof, mdat, arrival, lag });
    if (this.jumps.isOpen && arrival.monoMs - this.held[0]!.arrival.monoMs >= MAX_HELD_MS) this.mayHold = false;
    const moofs = this.held.map((held) => held.moof);
    if (this.jumpMs !== 0) this.jumps.mend(moofs);
    else if (this.isHolding) return [];
    else {
      if (this.isJumpTold) this.jumps.cutDisordered(moofs);
      if (moofs.length > 1) this.jumps.spread(moofs);
    }
    return this.writeHeld();
  }

  /** FFmpeg says that the camera's times have jumped by hours, and writes what it had before: frames behind the jump may be among it. */
  tellJump(): void {
    this.isJumpTold = true;
  }

  /** Resolves when all that was appended so far is on stable storage. */
  async settle(): Promise<void> {
    await this.files.settle();
  }

  /**
   * Whatever the disk says to it, the capture counts as ended: what is whole on disk is its footage.
   * @returns what had waited for the next fragment and is written now
   */
  async close(endedAtMs: number, endCause: GapCause | null): Promise<WrittenFragment[]> {
    try {
      const moofs = this.held.map((held) => held.moof);
      if (this.isJumpTold) this.jumps.cutDisordered(moofs);
      this.jumps.spread(moofs, true);
      return await this.writeHeld();
    } finally {
      this.memory.paces = this.times.paces;
      await this.files.close(endedAtMs, endCause);
      await this.timeline.settle();
    }
  }

  private async writeHeld(): Promise<WrittenFragment[]> {
    const written: WrittenFragment[] = [];
    this.jumps.release();
    for (const held of this.held.splice(0)) {
      const timing = readFragmentTiming(held.moof, this.capture.init);
      if (!timing) continue;
      const before = this.files;
      const init = this.parameters.look(held);
      const isClockSet = this.jumpMs === 0 && (await this.followClock(timing, held, init));
      if (init && this.files === before) await this.goOnWith(init, held.arrival);
      const { files } = this;
      const fragment = await files.append(held.moof, held.mdat, timing);
      this.times.indexed(fragment, timing);
      this.writtenCount += 1;
      written.push({ capture: files.capture, fragment, isClockSet });
    }
    return written;
  }

  /** @returns whether the wall clock was set, and another capture begins with this fragment */
  private async followClock(timing: FragmentTiming, held: HeldFragment, init: Buffer | null): Promise<boolean> {
    const { arrival, lag } = held;
    const setByMs = this.times.setByMs(arrival);
    if (setByMs === 0) {
      this.jumpMs = this.times.follow(timing, arrival, lag);
      if (this.times.takeChange()) this.timeline.save();
      return false;
    }
    // A capture begins with a key frame; until then its predecessor goes on by the old time.
    if (timing.isSync) await this.beginAnew(timing, { arrival, setByMs, init });
    return timing.isSync;
  }

  private async beginAnew(
    timing: FragmentTiming,
    { arrival, setByMs, init }: { arrival: Arrival; setByMs: number; init: Buffer | null },
  ): Promise<void> {
    const ended = this.files;
    const epochMs = this.times.beginAnew(timing, arrival, setByMs);
    this.files = await this.open({ epochMs, startedAtMs: arrival.wallMs, init: init ?? ended.capture.init.bytes });
    this.timeline.beginWith(this.files);
    this.times.continueIn(this.timeline);
    await ended.close(arrival.wallMs, 'clock_jumped');
  }

  /** The pictures are described anew: the time goes on as before, in the capture that ends too. */
  private async goOnWith(init: Buffer, arrival: Arrival): Promise<void> {
    const ended = this.files;
    const { epochMs, anchors = [] } = this.timeline;
    this.files = await this.open({ epochMs, anchors, init, startedAtMs: this.timeline.nextStartMs(arrival.wallMs) });
    this.timeline.goOnIn(this.files);
    await ended.close(arrival.wallMs, null);
  }
}
