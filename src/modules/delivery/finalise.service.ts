import { Injectable } from '@nestjs/common';
import { type JobContext } from '../jobs/index.js';
import { FinaliseAttempt } from './finalise-attempt.js';

/**
 * Stores a playback: send what is not in the store yet, complete the object, look at it there, COMPLETED; only then local
 * bytes go. Safe to run again at any point.
 */
@Injectable()
export class FinaliseService {
  /** The last attempt at each playback: the next one must not begin beside it. */
  private readonly running = new Map<string, Promise<void>>();

  constructor(private readonly attempt: FinaliseAttempt) {}

  /** One attempt after another, also when two jobs ask. */
  async finalise(playbackId: string, { signal }: JobContext): Promise<void> {
    const before = this.running.get(playbackId)?.catch(() => undefined);
    const attempt = (before ?? Promise.resolve()).then(() => this.attempt.run(playbackId, signal));
    this.running.set(playbackId, attempt);
    try {
      await attempt;
    } finally {
      if (this.running.get(playbackId) === attempt) this.running.delete(playbackId);
    }
  }
}
