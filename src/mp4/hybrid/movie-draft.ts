import { Movie } from './movie.js';
import { type Extent, FragmentLine, MOST_SOUND_ALONE_MS, type MovieTake, type TimedFragment } from './timeline.js';

/** A movie, and which fragments of the takes it consists of, in its order. */
export interface FilledMovie {
  movie: Movie;
  used: Pick<TimedFragment, 'take' | 'index'>[];
}

/** A younger capture may still move on the clock, and all that follows it in the file with it; half of it is what the clock takes. */
const SETTLED_MS = 60_000;
/** Fragments read at once, of a recording that was taken up in the middle: more would hold up everything else for longer than a tenth of a second. */
export const MOST_AT_ONCE = 1_000;

/**
 * The tables of a recording that still goes on, so that at its end only the newest fragments have to be read into them. What turns out
 * otherwise in the end than it looked on the way makes it begin anew. Takes some 3 MB of memory for each hour.
 */
export class MovieDraft {
  private begun: { line: FragmentLine; filled: FilledMovie } | null = null;
  private isDamaged = false;

  /** Takes in what is certain of these takes, or some of it. Never throws: what is wrong with footage is for `finish` to say. */
  follow(takes: readonly MovieTake[]): void {
    const certain = isSettled(takes.at(-1)) ? takes : takes.slice(0, -1);
    if (this.isDamaged || certain.length === 0) return;
    try {
      this.extend(certain, { haveEnded: false, most: MOST_AT_ONCE });
    } catch {
      this.begun = null;
      this.isDamaged = true;
    }
  }

  /**
   * The movie of these takes, which is no draft any more.
   * @param takes of one configuration, at least one
   * @throws Mp4Error on footage that is damaged
   */
  finish(takes: readonly MovieTake[]): FilledMovie {
    try {
      const filled = this.extend(takes, { haveEnded: true });
      filled.movie.end();
      return filled;
    } finally {
      this.begun = null;
    }
  }

  private extend(takes: readonly MovieTake[], extent: Extent): FilledMovie {
    if (!this.begun?.line.isStartOf(takes)) {
      this.begun = { line: new FragmentLine(), filled: { movie: new Movie(takes[0]!.capture.init), used: [] } };
    }
    const { line, filled } = this.begun;
    for (const { take, index, moof } of line.extend(takes, extent)) {
      if (take !== (filled.used.at(-1)?.take ?? take)) filled.movie.endTake(MOST_SOUND_ALONE_MS);
      filled.movie.add({ moof, sizeBytes: takes[take]!.fragments[index]!.sizeBytes });
      filled.used.push({ take, index });
    }
    return filled;
  }
}

function isSettled(take: MovieTake | undefined): boolean {
  return take !== undefined && take.fragments.at(-1)!.startMs >= SETTLED_MS;
}
