import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import type { Span } from '../../schema/ledger.js';
import { Playback } from '../../schema/playback.entity.js';
import { FootagePins, SegmentRangesRepository } from '../archive/index.js';
import { exportKey, JobQueue } from '../jobs/index.js';

/** Footage that was captured so long ago is in the archive, or it never will be. */
const COMING_MS = 120_000;

/** Asks for exports: playbacks that are made of footage which is there. */
@Injectable()
export class ExportService {
  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly queue: JobQueue,
    private readonly pins: FootagePins,
    private readonly ranges: SegmentRangesRepository,
  ) {}

  /**
   * Inserts a PENDING export with its job, and keeps its footage until it is over, inside the transaction of `manager`.
   * @param range past
   * @throws AppError `PLAYBACK.RANGE_TOO_LONG`, `FOOTAGE.NONE`
   */
  async open(manager: EntityManager, cameraId: string, range: Span): Promise<Playback> {
    const { maxHours } = this.config.exports;
    if (range.endMs - range.startMs > maxHours * 3_600_000) {
      throw new AppError({ code: 'PLAYBACK.RANGE_TOO_LONG', values: { hours: maxHours } });
    }
    const endAt = new Date(range.endMs);
    const asked = { cameraId, eventId: null, kind: 'export' as const, rangeStartAt: new Date(range.startMs) };
    const playback = await manager.save(manager.create(Playback, { ...asked, rangeEndAt: endAt, deadlineAt: endAt }));
    // Pinned first: what is found behind that stays.
    await this.pins.keep(manager, cameraId, range, { reason: 'export', refId: playback.id });
    if (!(await this.isThere(manager, cameraId, range))) throw new AppError({ code: 'FOOTAGE.NONE' });
    const options = { key: exportKey(playback.id) };
    await this.queue.enqueue(manager, 'playback.export', { playbackId: playback.id }, options);
    return playback;
  }

  private async isThere(manager: EntityManager, cameraId: string, range: Span): Promise<boolean> {
    if (await this.ranges.hasAny(manager, cameraId, range)) return true;
    const newestMs = this.clock.nowMs() - this.config.footage.segments.maxMs - COMING_MS;
    const newest = { startMs: Math.max(range.startMs, newestMs), endMs: range.endMs };
    return newest.startMs < newest.endMs && this.ranges.isWanted(cameraId, newest, { manager });
  }
}
