import type { StoredCapture } from './capture-files.store.js';
import { type Arrival, CaptureClock } from '../domain/capture-clock.js';
import type { StoredFragment } from '../domain/footage.js';
import type { GapCause } from '../domain/ledger.js';
import { type FragmentTiming, readFragmentTiming } from '../domain/mp4/fragment.js';
import { mendFirstFrames } from '../domain/mp4/fragment-repair.js';
import { JumpWatch } from '../domain/mp4/jump-watch.js';
import type { SegmentWriter } from './segment-writer.store.js';

/** Smaller corrections of the epoch are not worth a write. */
const EPOCH_STEP_MS = 5;
/** Media cannot be this much ahead of its arrival, whatever the network did: its times have jumped unseen. */
const IMPOSSIBLE_MS = 2_000;

/** Times that are not clear after so long are not going to be: what is held is written as it is, and nothing is held any more. */
const MAX_HELD_MS = 8_000;

/** A fragment in the log. */
export interface WrittenFragment {
  capture: StoredCapture;
  fragment: StoredFragment;
}

/**
 * Writes what one FFmpeg run gives into the log and tells its time: into one capture, and into a new one from a key frame on when the
 * machine's wall clock was set. Calls must not overlap: the reader of the pipe awaits each.
 */
export class CaptureWriter {
  /** By how much the camera's times have jumped; what follows from this run cannot be used. */
  jumpMs = 0;
  private clock: CaptureClock;
  private readonly jumps: JumpWatch;
  private readonly held: { moof: Buffer; mdat: Buffer; arrival: Arrival }[] = [];
  private savedEpochMs: number;
  private isFirst = true;
  private mayHold = true;

  /** @param open begins another capture of the same stream; its epoch is given */
  constructor(
    private files: SegmentWriter,
    private readonly open: (epochMs: number, nowMs: number) => Promise<SegmentWriter>,
  ) {
    const { epochMs, init } = files.capture;
    this.clock = new CaptureClock(epochMs);
    this.savedEpochMs = epochMs;
    this.jumps = new JumpWatch(init);
  }

  get capture(): StoredCapture {
    return this.files.capture;
  }

  /** Whether it is known by now when its footage was taken; until then it stands too late, by up to some seconds. */
  get isPlaced(): boolean {
    return this.clock.isPaced;
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
    this.jumps.shift(moof);
    this.jumpMs = this.jumps.look(moof, (endMs) => this.clock.aheadMs(endMs, arrival));
    this.held.push({ moof, mdat, arrival });
    this.mayHold &&= arrival.monoMs - this.held[0]!.arrival.monoMs < MAX_HELD_MS;
    const moofs = this.held.map((held) => held.moof);
    if (this.jumpMs !== 0) this.jumps.mend(moofs);
    else if (this.isHolding) return [];
    else if (moofs.length > 1) this.jumps.spread(moofs);
    return this.writeHeld();
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
      this.jumps.spread(moofs, true);
      return await this.writeHeld();
    } finally {
      await this.files.close(endedAtMs, endCause);
    }
  }

  private async writeHeld(): Promise<WrittenFragment[]> {
    const written: WrittenFragment[] = [];
    for (const { moof, mdat, arrival } of this.held.splice(0)) {
      const timing = readFragmentTiming(moof, this.capture.init);
      if (!timing) continue;
      if (this.jumpMs === 0) await this.followClock(timing, arrival);
      const { files } = this;
      written.push({ capture: files.capture, fragment: await files.append(moof, mdat, timing) });
    }
    return written;
  }

  private async followClock(timing: FragmentTiming, arrival: Arrival): Promise<void> {
    const { clock, capture } = this;
    const setByMs = clock.setByMs(arrival);
    if (setByMs !== 0) {
      // A capture begins with a key frame; until then its predecessor goes on by the old time.
      if (timing.isSync) await this.beginAnew(timing, arrival, setByMs);
      return;
    }
    const aheadMs = clock.aheadMs(timing.startMs + timing.durationMs, arrival);
    if (clock.isSettled(timing.startMs) && aheadMs > IMPOSSIBLE_MS) this.jumpMs = aheadMs;
    const changed = clock.follow(timing, arrival);
    if (changed === 'anchor') {
      capture.anchors = [...(capture.anchors ?? []), { fromMs: timing.startMs, addMs: clock.addMs }];
      this.files.saveMeta();
    }
    if (changed === 'epoch') this.setEpoch(clock.epochMs);
  }

  private setEpoch(epochMs: number): void {
    this.capture.epochMs = epochMs;
    const isFirstFragment = this.capture.fragments.length === 0;
    if (!isFirstFragment && Math.abs(epochMs - this.savedEpochMs) < EPOCH_STEP_MS) return;
    this.savedEpochMs = epochMs;
    this.files.saveMeta();
  }

  private async beginAnew(timing: FragmentTiming, arrival: Arrival, setByMs: number): Promise<void> {
    const ended = this.files;
    this.clock = this.clock.afterSetBy(setByMs);
    this.clock.follow(timing, arrival);
    this.files = await this.open(this.clock.epochMs, arrival.wallMs);
    await ended.close(arrival.wallMs, 'clock_jumped');
  }
}
