import { Injectable } from '@nestjs/common';
import { SegmentPublicationRepository } from './segment-publication.repository.js';

/** Up to which of its segments each capture in the log is done with: they are in the store, or nobody wants them there. */
@Injectable()
export class PublishedSegments {
  private readonly doneUntil = new Map<string, number>();

  constructor(private readonly publications: SegmentPublicationRepository) {}

  /** Asks the database about captures that this process has not seen yet. */
  async learn(captureKeys: readonly string[]): Promise<void> {
    const unknown = captureKeys.filter((key) => !this.doneUntil.has(key));
    if (unknown.length === 0) return;
    const stored = await this.publications.findStored(unknown);
    for (const key of unknown) this.doneUntil.set(key, stored.get(key) ?? 0);
  }

  /** Captures that are in no log any more need not be remembered. */
  forgetAllBut(captureKeys: readonly string[]): void {
    const present = new Set(captureKeys);
    for (const key of this.doneUntil.keys()) if (!present.has(key)) this.doneUntil.delete(key);
  }

  /** 0: nothing of it is, or nothing is known of it. */
  of(captureKey: string): number {
    return this.doneUntil.get(captureKey) ?? 0;
  }

  note(captureKey: string, number: number): void {
    this.doneUntil.set(captureKey, Math.max(number, this.of(captureKey)));
  }
}
