import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import type { CausedSpan, Span } from '../../schema/ledger.js';
import { type Playback, streamOf } from '../../schema/playback.entity.js';
import { type ArchivedFootage, ArchivedFootageReader, SegmentRangesRepository } from '../archive/index.js';
import { InterruptionRepository } from '../catalogue/index.js';
import { footageAway, FootageReader, inRange, type StoredCapture, waitMsFor } from '../footage/index.js';

/** The newest segment is closed, sealed and in the archive by then, or it will not be for long. */
const COMING_MS = 120_000;

/** What is there of a playback. */
export interface VisibleFootage {
  captures: StoredCapture[];
  /** Recorders whose disk cannot be seen. */
  unseen: string[];
}

/** Where the footage of a playback is looked for: what was recorded for it on the recorders, that of an export in the archive. */
@Injectable()
export class PlaybackFootage {
  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly recorders: FootageReader,
    private readonly archive: ArchivedFootageReader,
    private readonly ranges: SegmentRangesRepository,
    private readonly interruptions: InterruptionRepository,
  ) {}

  /**
   * @param isPartlySafe some of it is in the store already
   * @throws AppError `RECORDING.FOOTAGE_AWAY`, `FOOTAGE.COMING`: some of it may still come
   */
  async find(playback: Playback, range: Span, { isPartlySafe }: { isPartlySafe: boolean }): Promise<VisibleFootage> {
    if (playback.kind === 'export') return this.findArchived(playback, range);
    const found = await this.look(playback, range);
    // A recorder that is away may come back with its part; for ever is too long to wait for it.
    const untilMs = range.endMs + waitMsFor(this.config, isPartlySafe);
    if (found.unseen.length > 0 && this.clock.nowMs() < untilMs) throw footageAway(found.unseen);
    return found;
  }

  /** What is there now. */
  async look(playback: Playback, range: Span): Promise<VisibleFootage> {
    const { kind, cameraId, footageNodes, firstFragment } = playback;
    if (kind !== 'export') return this.recorders.read(streamOf(playback), footageNodes, inRange(range, firstFragment));
    const { captures } = await this.archive.read(cameraId, range);
    return { captures, unseen: [] };
  }

  /** Why something of a range may be missing. */
  async findCauses(playback: Playback, range: Span): Promise<CausedSpan[]> {
    const interruptions = await this.interruptions.find(streamOf(playback), range);
    if (playback.kind !== 'export') return interruptions;
    return [...interruptions, ...(await this.ranges.findRemoved(playback.cameraId, range))];
  }

  private async findArchived(playback: Playback, range: Span): Promise<VisibleFootage> {
    const archived = await this.archive.read(playback.cameraId, range);
    if (await this.isComing(playback, range, archived)) throw new AppError({ code: 'FOOTAGE.COMING' });
    return { captures: archived.captures, unseen: [] };
  }

  /** The newest footage is on a recorder until its segment is closed: an export of the last minute waits for that. */
  private async isComing({ cameraId, createdAt }: Playback, range: Span, archived: ArchivedFootage): Promise<boolean> {
    if (this.clock.nowMs() >= createdAt.getTime() + COMING_MS) return false;
    if (archived.isComing) return true;
    const endMs = archived.endMs ?? range.startMs;
    const oldestMs = createdAt.getTime() - this.config.footage.segments.maxMs - COMING_MS;
    if (endMs >= range.endMs || range.endMs < oldestMs) return false;
    return this.ranges.isWanted(cameraId, { startMs: endMs, endMs: range.endMs });
  }
}
