import type { Occurrence } from '../../../schema/occurrence.entity.js';

export type MovedTimes = Pick<Occurrence, 'startsAt' | 'endsAt' | 'recordFrom' | 'recordTo'>;

export interface Move {
  startsAt?: Date | undefined;
  endsAt?: Date | undefined;
  paddingBeforeSec?: number | undefined;
  paddingAfterSec?: number | undefined;
}

/** The times of an occurrence after somebody has moved it: what is not said stays, the padding too. */
export function planMove(present: MovedTimes, move: Move): MovedTimes {
  const { startsAt = present.startsAt, endsAt = present.endsAt } = move;
  const { beforeMs, afterMs } = paddingOf(present);
  const paddingBeforeMs = move.paddingBeforeSec === undefined ? beforeMs : move.paddingBeforeSec * 1_000;
  const paddingAfterMs = move.paddingAfterSec === undefined ? afterMs : move.paddingAfterSec * 1_000;
  return {
    startsAt,
    endsAt,
    recordFrom: new Date(startsAt.getTime() - paddingBeforeMs),
    recordTo: new Date(endsAt.getTime() + paddingAfterMs),
  };
}

/** The times of an occurrence that begins now and lasts as long as it was to; null: its own time has come, and it keeps that. */
export function planStartNow(present: MovedTimes, now: Date): MovedTimes | null {
  if (present.recordFrom <= now) return null;
  const earlierMs = present.recordFrom.getTime() - now.getTime();
  const moved = (instant: Date) => new Date(instant.getTime() - earlierMs);
  return {
    startsAt: moved(present.startsAt),
    endsAt: moved(present.endsAt),
    recordFrom: now,
    recordTo: moved(present.recordTo),
  };
}

/** None where the one before it reaches into it. */
function paddingOf({ startsAt, endsAt, recordFrom, recordTo }: MovedTimes): { beforeMs: number; afterMs: number } {
  return {
    beforeMs: Math.max(0, startsAt.getTime() - recordFrom.getTime()),
    afterMs: Math.max(0, recordTo.getTime() - endsAt.getTime()),
  };
}
