/** What a track of one fragment says of its times, in milliseconds of its own clock. */
export interface TrackTimes {
  startMs: number;
  endMs: number;
  frames: number;
  /** How long the first of its frames is shown, and the last. */
  firstMs: number;
  lastMs: number;
  /** By how much longer than usual some of its frames are shown: they stand for what was not sent, or for times that were put right. */
  standingMs: number;
  /** What comes behind the last of these. */
  behind: { frames: number; lengthMs: number };
  /** The share of its frames that have no time of their own, 0 to 1: FFmpeg squeezed them, since their times went back. */
  crammed: number;
}

/** What is known of a track when it begins. */
export interface TrackStart {
  /** Since when the camera may have been heard, on the clock of arrivals; null: since the first arrival. */
  heardFromMs: number | null;
  /** FFmpeg gives each of its frames only when it has seen where the next one begins. */
  keepsBack: boolean;
}

/** How fast a track comes. That is the camera's: its next session begins with it. */
export interface Pace {
  /** What tells the time: the track's own times, or the number of its frames when its times contradict themselves. */
  by: 'times' | 'frames';
  /** Milliseconds of ours for each of its own, or for each frame. */
  unitMs: number;
}

/** Where a track of a fragment belongs. */
export interface Placement {
  startMs: number;
  endMs: number;
  /** Its frames follow each other evenly, whatever their own times say. */
  isEven: boolean;
}

/** What was wrong with the times for a while before that was noticed; instants on the timeline that was written. */
export type PaceFound =
  /**
   * What ended at `placedMs` came, without having waited, at `monoMs`; each millisecond that was written took `scale`. `isStart`: that
   * was so from the session's start, and the first arrivals say nothing else.
   */
  | { kind: 'pace'; placedMs: number; monoMs: number; scale: number; isStart: boolean }
  /** Frames that stood were times that were put right: nothing is missing there. */
  | { kind: 'even'; spans: RightedSpan[] };

/** From where times were right until they were put right the next time: what is in between ran too slow by that. */
export interface RightedSpan {
  fromMs: number;
  toMs: number;
  byMs: number;
}

/** A frame that is kept for less is as good as given at once. */
export const SELDOM_MS = 100;
