import { backoffMs } from '../../../common/backoff.js';
import type { CaptureFailure } from './failure.js';

/** What went wrong with a camera since it gave footage last. */
export interface Setbacks {
  /** Attempts that failed in a row. */
  count: number;
  last: CaptureFailure;
  /** How many of them, up to the last one, failed in the same way. */
  repeated: number;
  /** It gave footage or failed otherwise since it is wanted: what it says now may be because it is restarting. */
  isChanging: boolean;
}

/** A camera that comes back is noticed soon, since an attempt costs it a connection at most every five seconds. */
const RETRY = { firstMs: 200, maxMs: 5_000 };
/**
 * Cameras lock an account after some five to ten refused logins, so those come ever more slowly: the fifth after about three minutes.
 * The first is repeated soon, because a camera that is starting refuses everybody.
 */
const LOGIN_RETRY = { firstMs: 2_000, factor: 4 };

const LOGIN_REFUSED = 'CAMERA.WRONG_PASSWORD';
/** How often in a row a camera must say so before it is believed: while it starts, it says such things too. */
const BELIEVED_AFTER: Partial<Record<string, number>> = {
  [LOGIN_REFUSED]: 2,
  'CAMERA.NO_VIDEO': 5,
  'CAMERA.UNSUPPORTED_CODEC': 5,
  'CAMERA.STREAM_NOT_FOUND': Infinity,
  'CAMERA.NO_SUCH_PROFILE': Infinity,
};
/** So often in a row, the camera is not restarting any more. */
const CHANGE_IS_OVER_AFTER = 5;

/** @param gaveFootage whether the camera gave any since it is wanted */
export function addSetback(before: Setbacks | null, failure: CaptureFailure, gaveFootage: boolean): Setbacks {
  const isSame = before?.last.code === failure.code;
  return {
    count: (before?.count ?? 0) + 1,
    last: failure,
    repeated: isSame ? before.repeated + 1 : 1,
    isChanging: gaveFootage || (before?.isChanging ?? false) || (before !== null && !isSame),
  };
}

export function isLoginRefused(setbacks: Setbacks | null): boolean {
  return setbacks?.last.code === LOGIN_REFUSED;
}

/** Whether trying again is of no use before somebody changes something: the failure says so, and the camera has had time to say otherwise. */
export function isHopeless(setbacks: Setbacks | null): boolean {
  if (!setbacks?.last.permanent) return false;
  const { last, repeated, isChanging } = setbacks;
  const neededTimes = BELIEVED_AFTER[last.code];
  if (neededTimes === undefined) return true;
  return repeated >= (isChanging ? Math.max(neededTimes, CHANGE_IS_OVER_AFTER) : neededTimes);
}

/**
 * The pause before the next attempt, in milliseconds.
 * @param attemptMs how long the last attempt took: one that waited for its time-out has been a pause already
 * @param maxLoginPauseMs between two refused logins
 * @param random a number in [0, 1)
 */
export function planPauseMs(
  setbacks: Setbacks,
  { attemptMs, maxLoginPauseMs }: { attemptMs: number; maxLoginPauseMs: number },
  random = Math.random(),
): number {
  if (setbacks.last.triesOtherwise) return 0;
  if (isLoginRefused(setbacks)) return backoffMs(setbacks.repeated, { ...LOGIN_RETRY, maxMs: maxLoginPauseMs }, random);
  const intervalMs = backoffMs(setbacks.count, RETRY, random);
  return Math.max(Math.min(intervalMs, RETRY.firstMs), Math.round(intervalMs - attemptMs));
}
