import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { formatCursor } from '../../common/keyset.js';
import { readPosition } from '../../common/page-query.js';
import { invalidInput } from '../../common/validation.pipe.js';
import { RecordingService } from '../recording/index.js';
import { doEach } from './bulk.js';
import type { BulkOccurrencesDto, BulkResponse } from './bulk.dto.js';
import { type MovedTimes, planMove, planStartNow } from './domain/occurrence-move.js';
import { MAX_DURATION_SEC } from './domain/rule.js';
import type {
  ListOccurrencesQuery,
  OccurrenceListResponse,
  OccurrenceResponse,
  UpdateOccurrenceDto,
} from './occurrence.dto.js';
import { toOccurrenceResponse } from './occurrence.presenter.js';
import { OccurrenceRepository, type ShownOccurrence } from './occurrence.repository.js';
import { OccurrenceStarter } from './occurrence-starter.js';

/** Lists occurrences, and does with single ones what a person wants. */
@Injectable()
export class OccurrenceService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly occurrences: OccurrenceRepository,
    private readonly starter: OccurrenceStarter,
    private readonly recordings: RecordingService,
  ) {}

  async list(query: ListOccurrencesQuery): Promise<OccurrenceListResponse> {
    const { limit } = query;
    const page = { now: this.clock.now(), limit: limit + 1, after: readPosition(query) };
    // One more than asked for tells whether there is a next page.
    const found = await this.occurrences.findPage(query, page);
    const shown = found.slice(0, limit);
    const last = found.length > limit ? shown.at(-1) : undefined;
    return {
      data: shown.map(toOccurrenceResponse),
      nextCursor: last ? formatCursor({ at: last.startsAt, id: last.id }) : null,
    };
  }

  /** @throws AppError `OCCURRENCE.NOT_FOUND` */
  async get(id: string): Promise<OccurrenceResponse> {
    return toOccurrenceResponse((await this.occurrences.find(id, this.clock.now())) ?? notFound(id));
  }

  /** Moves one that is still to come. @throws AppError `OCCURRENCE.NOT_FOUND`, `OCCURRENCE.NOT_SCHEDULED`, `OCCURRENCE.OVER` */
  async update(id: string, input: UpdateOccurrenceDto): Promise<OccurrenceResponse> {
    return this.change(id, async (manager, occurrence) => {
      checkScheduled(occurrence);
      const times = planMove(occurrence, input);
      checkTimes(times);
      if (times.recordTo <= this.clock.now()) throw new AppError({ code: 'OCCURRENCE.OVER' });
      await this.occurrences.update(manager, id, { ...times, edited: true });
    });
  }

  /**
   * Begins one that is still to come now, for as long as it was to last.
   * @throws AppError `OCCURRENCE.NOT_FOUND`, `OCCURRENCE.NOT_SCHEDULED`, `CAMERA.DISABLED`, `RECORDING.QUEUE_FULL`
   */
  async start(id: string): Promise<OccurrenceResponse> {
    return this.change(id, async (manager, occurrence) => {
      checkScheduled(occurrence);
      const times = planStartNow(occurrence, this.clock.now());
      const { recordFrom: startAt, recordTo: endAt } = times ?? occurrence;
      if (times) await this.occurrences.update(manager, id, { ...times, edited: true });
      await this.starter.start(manager, { id, cameraId: occurrence.cameraId, startAt, endAt });
    });
  }

  /** What has begun is stopped, and what it has recorded is kept. @throws AppError `OCCURRENCE.NOT_FOUND`, `OCCURRENCE.NOT_SCHEDULED` */
  async cancel(id: string): Promise<OccurrenceResponse> {
    return this.change(id, async (manager, { status, playbackId }) => {
      if (status !== 'scheduled' && status !== 'recording') throw notScheduled(status);
      if (playbackId !== null)
        await this.recordings.end(manager, playbackId, { at: this.clock.now(), reason: 'stopped' });
      await this.occurrences.update(manager, id, { state: 'cancelled' });
    });
  }

  /**
   * Records the rest of one that has failed: from the end of its last good footage, or from now.
   * @throws AppError `OCCURRENCE.NOT_FOUND`, `OCCURRENCE.NOT_FAILED`, `OCCURRENCE.OVER`, `CAMERA.DISABLED`, `RECORDING.QUEUE_FULL`
   */
  async retry(id: string): Promise<OccurrenceResponse> {
    return this.change(id, async (manager, { status, cameraId, recordTo, footageEndAt }) => {
      if (status !== 'failed') throw new AppError({ code: 'OCCURRENCE.NOT_FAILED', values: { status } });
      const now = this.clock.now();
      if (recordTo <= now) throw new AppError({ code: 'OCCURRENCE.OVER' });
      await this.starter.start(manager, { id, cameraId, startAt: footageEndAt ?? now, endAt: recordTo });
    });
  }

  async bulk({ ids, action }: BulkOccurrencesDto): Promise<BulkResponse> {
    return { results: await doEach(ids, (id) => this[action](id)) };
  }

  private async change(
    id: string,
    work: (manager: EntityManager, occurrence: ShownOccurrence) => Promise<void>,
  ): Promise<OccurrenceResponse> {
    await this.dataSource.transaction(async (manager) => {
      await work(manager, (await this.occurrences.findLocked(manager, id, this.clock.now())) ?? notFound(id));
    });
    return this.get(id);
  }
}

function checkScheduled({ status }: ShownOccurrence): void {
  if (status !== 'scheduled') throw notScheduled(status);
}

function checkTimes({ startsAt, endsAt }: MovedTimes): void {
  const lengthMs = endsAt.getTime() - startsAt.getTime();
  if (lengthMs <= 0) throw invalidInput([{ field: 'endsAt', message: 'endsAt must be later than startsAt' }]);
  if (lengthMs > MAX_DURATION_SEC * 1_000)
    throw invalidInput([{ field: 'endsAt', message: 'endsAt must not be more than 12 hours after startsAt' }]);
}

function notScheduled(status: string): AppError {
  return new AppError({ code: 'OCCURRENCE.NOT_SCHEDULED', values: { status } });
}

function notFound(id: string): never {
  throw new AppError({ code: 'OCCURRENCE.NOT_FOUND', values: { id } });
}
