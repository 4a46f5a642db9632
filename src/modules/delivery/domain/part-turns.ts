/** What makes one part more urgent than another. */
export interface PartNeed {
  /** It is a copy of footage that is safe: everything else goes first. Unset: it is not. */
  canWait?: boolean;
  /** When the recording ended; null while it goes on. */
  endedAtMs: number | null;
  /** Since when its oldest unsent footage has been at risk. */
  atRiskSinceMs: number;
}

/** Below zero when `a` goes first: exports are last; else somebody waits for a recording that has ended; else the oldest footage is the dearest. */
export function compareNeeds(a: PartNeed, b: PartNeed): number {
  if (Boolean(a.canWait) !== Boolean(b.canWait)) return a.canWait ? 1 : -1;
  if ((a.endedAtMs === null) !== (b.endedAtMs === null)) return a.endedAtMs === null ? 1 : -1;
  return (a.endedAtMs ?? 0) - (b.endedAtMs ?? 0) || a.atRiskSinceMs - b.atRiskSinceMs;
}

interface Waiting {
  need: () => PartNeed;
  enter: () => void;
}

/**
 * A fixed number of places for parts in memory and on the wire, over all recordings. A place that becomes free goes to the neediest
 * of those that wait then; each recording waits for one part at a time, so none can take all.
 */
export class PartTurns {
  private readonly waiting: Waiting[] = [];

  constructor(private free: number) {}

  /** @throws what `work` throws, or the reason of `signal` when it aborts before there was a place */
  async run<T>(need: () => PartNeed, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.enter(need, signal);
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private async enter(need: () => PartNeed, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.free > 0) {
      this.free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        this.waiting.splice(this.waiting.indexOf(waiting), 1);
        reject(signal.reason as Error);
      };
      const waiting = {
        need,
        enter: () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      this.waiting.push(waiting);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  private leave(): void {
    const [next] = [...this.waiting].sort((a, b) => compareNeeds(a.need(), b.need()));
    if (!next) {
      this.free += 1;
      return;
    }
    this.waiting.splice(this.waiting.indexOf(next), 1);
    next.enter();
  }
}
