import { Movie } from './movie.js';
import { FragmentLine, type MovieTake, type TimedFragment } from './timeline.js';

/** A movie, and which fragments of the takes it consists of, in its order. */
export interface FilledMovie {
  movie: Movie;
  used: Pick<TimedFragment, 'take' | 'index'>[];
}

/**
 * The tables of a recording that still goes on, so that at its end only the newest fragments have to be read into them. What turns out
 * otherwise in the end than it looked on the way makes it begin anew.
 */
export class MovieDraft {
  private begun: { line: FragmentLine; filled: FilledMovie } | null = null;

  /** Takes in what is certain of these takes. Never throws: what is wrong with footage is for `finish` to say. */
  follow(takes: readonly MovieTake[]): void {
    try {
      if (takes.length > 0) this.extend(takes, { haveEnded: false });
    } catch {
      this.begun = null;
    }
  }

  /**
   * The movie of these takes, which is no draft any more.
   * @param takes of one configuration, at least one
   * @throws Mp4Error on footage that is damaged
   */
  finish(takes: readonly MovieTake[]): FilledMovie {
    try {
      return this.extend(takes, { haveEnded: true });
    } finally {
      this.begun = null;
    }
  }

  private extend(takes: readonly MovieTake[], options: { haveEnded: boolean }): FilledMovie {
    if (!this.begun?.line.isStartOf(takes)) {
      this.begun = { line: new FragmentLine(), filled: { movie: new Movie(takes[0]!.capture.init), used: [] } };
    }
    const { line, filled } = this.begun;
    for (const { take, index, moof } of line.extend(takes, options)) {
      filled.movie.add({ moof, sizeBytes: takes[take]!.fragments[index]!.sizeBytes });
      filled.used.push({ take, index });
    }
    return filled;
  }
}
