/**
 * FFmpeg's words for a time that is too far away to be true (fftools/ffmpeg_demux.c, `ts_discontinuity_detect`); from FFmpeg 8 on, the
 * stream's name stands in front.
 */
const JUMP = /(?:^|\] )[DP]TS -?\d+, next:-?\d+ .*invalid dropping/;
/** A camera reports its clock within seconds of a session's start: what does not agree by itself shows by then. */
const EARLY_MS = 60_000;

/** Says so of each packet; nobody wants to read it twice. */
export function isToldJump(line: string): boolean {
  return JUMP.test(line);
}

/**
 * Jumps of a camera's times that FFmpeg tells of instead of handing them on, over all sessions with that camera. As long as times are
 * so far away FFmpeg guesses them, by the frame rate: a new session has them right again. Not so with a camera whose sound and pictures
 * go by clocks of their own: every session begins with a jump. Of those the second is left alone, since a guess is the best there is.
 */
export class ToldJumps {
  private begunAtMs = 0;
  private told: 'early' | 'late' | null = null;
  private isUsual = false;

  /** A session begins. @param nowMs of a monotonic clock */
  begin(nowMs: number): void {
    this.isUsual = this.told === 'early';
    this.told = null;
    this.begunAtMs = nowMs;
  }

  /** A time of the session is told to be far away. @returns what that means for the session, when it is told for the first time */
  tell(nowMs: number): 'ends' | 'goes-on' | null {
    if (this.told) return null;
    this.told = nowMs - this.begunAtMs < EARLY_MS ? 'early' : 'late';
    return this.told === 'early' && this.isUsual ? 'goes-on' : 'ends';
  }
}
