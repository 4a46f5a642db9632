/** Why a playback could not be finalised: the store or the database is away, the store refuses what it got, or no object can be made of the footage. */
export type FinaliseFailure = 'away' | 'refused' | 'unmade';

/** A store that refuses may be set right again, and must have said so more than once. */
const LEAST_REFUSALS = 3;
/** Footage that could not be made into an object this often in a row will not get better. */
const MAX_ASSEMBLY_ATTEMPTS = 5;

interface Tally {
  refusals: number;
  firstRefusedAtMs: number;
  unmade: number;
}

/**
 * Failures that time may not mend, of each playback, in a row: refusals, and footage of which no object could be made. Known to this life
 * of the recorder alone: after a restart it takes as many again. A store that is away, for however long, is none.
 */
export class FinaliseFailures {
  private readonly tallies = new Map<string, Tally>();

  /** @param refusedMs a store that has refused for less than that may still change its mind */
  constructor(private readonly refusedMs: number) {}

  /** @returns whether another attempt is in vain */
  add(playbackId: string, failure: FinaliseFailure, nowMs: number): boolean {
    const tally = this.tallies.get(playbackId) ?? { refusals: 0, firstRefusedAtMs: nowMs, unmade: 0 };
    this.tallies.set(playbackId, tally);
    if (failure !== 'refused') tally.refusals = 0;
    if (failure !== 'unmade') tally.unmade = 0;
    if (failure === 'away') return false;
    if (failure === 'unmade') return (tally.unmade += 1) >= MAX_ASSEMBLY_ATTEMPTS;
    if (tally.refusals === 0) tally.firstRefusedAtMs = nowMs;
    tally.refusals += 1;
    return tally.refusals >= LEAST_REFUSALS && nowMs - tally.firstRefusedAtMs >= this.refusedMs;
  }

  /** It came to its end, or on: what failed before does not count any more. */
  forget(playbackId: string): void {
    this.tallies.delete(playbackId);
  }
}
