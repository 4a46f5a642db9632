import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { ExportAttempt } from './export-attempt.js';

/**
 * Exports that this process makes. They have places of their own beside those of jobs: one may take an hour, and no recording is to wait for
 * it. What is to be done stands in the rows: after a kill the next start, or another recorder, goes on with it.
 */
@Injectable()
export class ExportRuns implements BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly running = new Map<string, Promise<void>>();
  private readonly waiting = new Set<string>();

  constructor(
    private readonly config: AppConfig,
    private readonly attempt: ExportAttempt,
  ) {}

  get hasRoom(): boolean {
    return this.running.size + this.waiting.size < this.config.exports.parallel;
  }

  has(playbackId: string): boolean {
    return this.running.has(playbackId) || this.waiting.has(playbackId);
  }

  /** Begins an attempt as soon as there is a place, and none at the same export. */
  start(playbackId: string): void {
    if (this.stopping.signal.aborted) return;
    this.waiting.add(playbackId);
    this.fill();
  }

  /** Resolves when nothing runs any more: what was begun goes on at the next start. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    this.waiting.clear();
    await Promise.all(this.running.values());
  }

  private fill(): void {
    for (const playbackId of this.waiting) {
      if (this.running.size >= this.config.exports.parallel) return;
      if (this.running.has(playbackId)) continue;
      this.waiting.delete(playbackId);
      const run = this.attempt.run(playbackId, this.stopping.signal).finally(() => {
        this.running.delete(playbackId);
        this.fill();
      });
      this.running.set(playbackId, run);
    }
  }
}
