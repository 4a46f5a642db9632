import { Injectable } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { DiskSpace } from '../footage/index.js';
import { PublishedSegments } from './published-segments.js';
import { SegmentPublicationRepository } from './segment-publication.repository.js';
import type { LoggedSegment } from './segment-publisher.service.js';

/**
 * Gives up footage that waits for the archive while the disk is too full to record: the store is away, and events come first. The oldest goes
 * first, and only as much as it takes. The ledger of the archive says so.
 */
@Injectable()
export class BacklogRelief {
  constructor(
    private readonly disk: DiskSpace,
    private readonly published: PublishedSegments,
    private readonly publications: SegmentPublicationRepository,
    private readonly logger: AppLogger,
  ) {}

  /** @param waiting segments that are wanted in the archive; of one capture in order */
  async relieve(waiting: readonly LoggedSegment[]): Promise<void> {
    await this.disk.check();
    if (!this.disk.isLow || this.disk.unreadable !== null) return;
    let missingBytes = this.disk.resumeAtBytes - this.disk.freeBytes;
    let given = 0;
    const kept = new Set<string>();
    for (const { capture, number, startMs, endMs, sizeBytes } of [...waiting].sort((a, b) => a.endMs - b.endMs)) {
      if (missingBytes <= 0) break;
      const { captureId: captureKey, cameraId } = capture;
      if (kept.has(captureKey)) continue;
      const segment = { captureKey, cameraId, number, startMs, endMs, sizeBytes };
      if (!(await this.publications.giveUp(segment, 'disk'))) {
        // Those behind it wait too: a capture is done with in order.
        kept.add(captureKey);
        continue;
      }
      this.published.note(captureKey, number);
      missingBytes -= sizeBytes;
      given += 1;
    }
    if (given > 0)
      this.logger.warn('footage that waited for the archive was given up: the disk is full', { segments: given });
  }
}
