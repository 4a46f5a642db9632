import type { LockSession } from '../database/index.js';

/** Every recorder holds this one together with all others: it counts them. */
const RECORDERS = 'hindsight recorders';
/** To count them reads every lock of the server, a thousand where a thousand cameras record: less often than to look whether one is gone. */
const COUNT_EVERY_MS = 2_000;

/** How many recorders there are, and whether one of them has gone. */
export class RecorderCensus {
  /** Sessions that held the lock when they were last counted, ours among them. */
  private pids: readonly number[] = [];
  private countedAtMs = -Infinity;

  /** @param nowMs monotonic */
  constructor(private readonly nowMs: () => number) {}

  /** Recorders beside this one, as far as it was seen: 0 means alone. */
  get others(): number {
    return Math.max(0, this.pids.length - 1);
  }

  /** This recorder is counted from now on. */
  async join(session: LockSession): Promise<void> {
    await session.lockShared(RECORDERS);
  }

  /** @returns whether a session has gone that was a recorder's: its cameras may be free */
  async take(session: LockSession): Promise<boolean> {
    const { isOnly, gone } = await session.glance(RECORDERS, this.pids);
    const isAsKnown = gone.length === 0 && isOnly === (this.others === 0);
    if (isAsKnown && this.nowMs() - this.countedAtMs < COUNT_EVERY_MS) return false;
    const before = this.pids;
    this.pids = await session.findHolders(RECORDERS);
    this.countedAtMs = this.nowMs();
    return before.some((pid) => !this.pids.includes(pid));
  }
}
