/** FFmpeg's words for a time that is too far away to be true (fftools/ffmpeg_demux.c, `ts_discontinuity_detect`). */
const JUMP = /^[DP]TS -?\d+, next:-?\d+ .*invalid dropping/;
const STREAM = /\bst:(\d+)/;

/**
 * Jumps of the camera's clock that FFmpeg tells of instead of handing them on; it guesses the times until it is started again.
 * A clock that jumps takes every track with it. One track alone is a camera whose sound and pictures go by clocks of their own: the
 * guess is the best there is, and the same would come again in each session.
 */
export class ToldJumps {
  private readonly streams = new Set<string>();

  /** @param tracks how many are recorded */
  constructor(private readonly tracks: number) {}

  /** @returns whether it is known by this line that the camera's clock has jumped */
  hear(line: string): boolean {
    const stream = JUMP.test(line) && STREAM.exec(line)?.[1];
    if (!stream) return false;
    this.streams.add(stream);
    return this.streams.size >= this.tracks;
  }
}
