/**
 * FFmpeg's words for a time that is too far away to be true (fftools/ffmpeg_demux.c, `ts_discontinuity_detect`); from FFmpeg 8 on, the
 * stream's name stands in front.
 */
const JUMP = /(?:^|\] )[DP]TS -?\d+, next:-?\d+ .*invalid dropping/;
const STREAM = /\bst:(\d+)/;
/** A camera's first sender reports come within seconds. Clocks of one camera that do not agree show within this time. */
const EARLY_MS = 60_000;

/** @returns the stream whose time is too far away by what FFmpeg says, or null */
export function toldStream(line: string): string | null {
  return JUMP.test(line) ? (STREAM.exec(line)?.[1] ?? null) : null;
}

/**
 * Jumps by hours. FFmpeg does not write them: it logs them, and from then on guesses times by the frame rate. A new session repairs that.
 * A camera whose sound and pictures have clocks of their own jumps again, on the same track, at the start of the next session too: that
 * session is kept, since a guess is the best there is. Remembered over all sessions with the camera.
 */
export class ToldJumps {
  private begunAtMs = 0;
  /** The first stream that jumped in this session, if that was early in it. */
  private early: string | null = null;
  /** That of the session before. */
  private usual: string | null = null;
  /** A clock has jumped in this session, and it ends. */
  private ends = false;

  /** A session begins. @param nowMs of a monotonic clock */
  begin(nowMs: number): void {
    this.usual = this.early;
    this.early = null;
    this.ends = false;
    this.begunAtMs = nowMs;
  }

  /**
   * A stream's time is far away; FFmpeg says so of each packet.
   * @returns what that means for the session, when it is new
   */
  tell(stream: string, nowMs: number): 'ends' | 'goes-on' | null {
    if (this.ends || stream === this.early) return null;
    const isEarly = nowMs - this.begunAtMs < EARLY_MS;
    const isFirst = this.early === null;
    if (isFirst && isEarly) this.early = stream;
    this.ends = !(isFirst && isEarly && stream === this.usual);
    return this.ends ? 'ends' : 'goes-on';
  }
}
