/** Frames that were sent one after the other; both ends belong to it. */
export interface FrameRange {
  firstFrame: number;
  lastFrame: number;
}

/** A run of frames that went to one session. */
export interface SentRun extends FrameRange {
  /** No frame of it was sent later than so long after it was taken. */
  maxLateMs: number;
  /** Packets of it were held back by a fault, or it builds on a frame that lost some: it may be unreadable. */
  damaged: boolean;
}

/** What matters of a frame for whether it can be read. */
export interface FrameFate {
  keyFrame: boolean;
  packetsLost: number;
  /** No key frame was sent before it. */
  isOrphan?: true;
}

/** How many of the latest runs a frame may belong to: with B-frames they are sent out of order. */
const SEARCHED_RUNS = 8;

/** The frames of one session as runs, in the order of their numbers: a run of an hour costs as much as one frame. */
export class SentRunLog {
  readonly runs: SentRun[] = [];
  private isDamaged = false;

  /** Takes in a frame, in the order of sending. */
  add(frame: number, lateMs: number, how: FrameFate): { damaged: boolean } {
    // All frames up to the next whole key frame build on a damaged one.
    this.isDamaged = how.packetsLost > 0 || how.isOrphan === true || (this.isDamaged && !how.keyFrame);
    const damaged = this.isDamaged;
    const at = this.place(frame);
    const [before, after] = [this.runs[at - 1], this.runs[at]];
    if (before && frame <= before.lastFrame) return { damaged }; // Sent again after a stall.
    if (before?.lastFrame === frame - 1 && before.damaged === damaged) {
      before.lastFrame = frame;
      before.maxLateMs = Math.max(before.maxLateMs, lateMs);
      this.join(at - 1);
    } else if (after?.firstFrame === frame + 1 && after.damaged === damaged) {
      after.firstFrame = frame;
      after.maxLateMs = Math.max(after.maxLateMs, lateMs);
    } else {
      this.runs.splice(at, 0, { firstFrame: frame, lastFrame: frame, maxLateMs: lateMs, damaged });
    }
    return { damaged };
  }

  /** Index of the first run that begins after the frame. */
  private place(frame: number): number {
    const earliest = Math.max(0, this.runs.length - SEARCHED_RUNS);
    let at = this.runs.length;
    while (at > earliest && (this.runs[at - 1]?.firstFrame ?? 0) > frame) at--;
    return at;
  }

  /** Joins a run with the one after it when nothing is between them. */
  private join(at: number): void {
    const [run, next] = [this.runs[at], this.runs[at + 1]];
    if (!run || next?.firstFrame !== run.lastFrame + 1 || next.damaged !== run.damaged) return;
    run.lastFrame = next.lastFrame;
    run.maxLateMs = Math.max(run.maxLateMs, next.maxLateMs);
    this.runs.splice(at + 1, 1);
  }
}
