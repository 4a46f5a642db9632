import type { NotedInterruption } from '../catalogue/index.js';
import type { CaptureFiles, StoredFragment } from '../footage/index.js';
import type { CaptureFailure } from './domain/failure.js';

/** Hears of each fragment, once it is in the log, in order. */
export interface FragmentListener {
  onFragment(capture: CaptureFiles, fragment: StoredFragment): void;
}

/** Hears what becomes of a camera's capture, for as long as somebody demands it. */
export interface CaptureListener extends FragmentListener {
  /** An attempt failed; the next one follows after a pause while somebody still demands the camera. */
  onFailure(failure: CaptureFailure): void;
  /** FFmpeg is gone, and nobody demands the camera. */
  onIdle(): void;
}

/** Keeps the books of a capture, too. */
export interface CaptureObserver extends CaptureListener {
  /** An FFmpeg was started. */
  onStarted(): void;
  /** A stretch without footage is over, or is known so far: what is told of it later, by the same id, counts instead. */
  onInterruption(interruption: NotedInterruption): void;
}

/** Hears what one attempt gives. */
export interface AttemptListener extends FragmentListener {
  onStarted(): void;
  /** The wall clock of this machine was set; the next fragment tells the new time. */
  onClockSet(): void;
}
