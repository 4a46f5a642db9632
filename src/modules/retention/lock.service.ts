import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { invalidInput } from '../../common/validation.pipe.js';
import { Camera } from '../../schema/camera.entity.js';
import { Playback } from '../../schema/playback.entity.js';
import { coverOf, type Span } from './domain/cover.js';
import type { CreateLockDto } from './lock.dto.js';
import { LockRepository, type LockRow, type LockTerms } from './lock.repository.js';

/** A lock, and what of its range there is. */
export interface NewLock {
  row: LockRow;
  covered: Span[];
  missing: Span[];
}

/** What people want kept. */
@Injectable()
export class LockService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly locks: LockRepository,
    private readonly clock: Clock,
  ) {}

  async list(): Promise<LockRow[]> {
    return this.locks.findValid(this.dataSource.manager, this.clock.now());
  }

  /**
   * Keeps a playback, or what there is of a camera's footage in a range, from going.
   * @throws AppError `REQUEST.INVALID`, `CAMERA.NOT_FOUND`, `PLAYBACK.NOT_FOUND`
   */
  async create({ cameraId, playbackId, from, to, until, note }: CreateLockDto, createdBy: string): Promise<NewLock> {
    const terms = { untilAt: until ?? null, note: note ?? null, createdBy };
    if (until && until <= this.clock.now()) throw invalid('until', 'until must be in the future');
    return this.dataSource.transaction(async (manager) => {
      if (playbackId !== undefined && [cameraId, from, to].every((field) => field === undefined)) {
        return this.lockPlayback(manager, playbackId, terms);
      }
      if (playbackId !== undefined || cameraId === undefined || from === undefined || to === undefined) {
        throw invalid('cameraId', 'send cameraId, from and to, or playbackId alone');
      }
      if (from >= to) throw invalid('to', 'to must be after from');
      return this.lockFootage(manager, cameraId, { startMs: from.getTime(), endMs: to.getTime() }, terms);
    });
  }

  /** @throws AppError `LOCK.NOT_FOUND` */
  async delete(id: string): Promise<void> {
    const existed = await this.locks.delete(this.dataSource.manager, id);
    if (!existed) throw new AppError({ code: 'LOCK.NOT_FOUND', values: { id } });
  }

  /** Also of a deleted camera, whose footage stays for its time. */
  private async lockFootage(manager: EntityManager, cameraId: string, range: Span, terms: LockTerms): Promise<NewLock> {
    const exists = await manager.exists(Camera, { where: { id: cameraId }, withDeleted: true });
    if (!exists) throw new AppError({ code: 'CAMERA.NOT_FOUND', values: { id: cameraId } });
    const id = await this.locks.insertOfFootage(manager, cameraId, range, terms);
    // Behind the pin: what is there now stays.
    const segments = await this.locks.findSegments(manager, cameraId, range);
    return { row: await this.locks.get(manager, id), ...coverOf(range, segments) };
  }

  private async lockPlayback(manager: EntityManager, playbackId: string, terms: LockTerms): Promise<NewLock> {
    await this.locks.waitForDeletion(manager, playbackId);
    const playback = await manager.findOne(Playback, { where: { id: playbackId }, lock: { mode: 'for_key_share' } });
    if (!playback) throw new AppError({ code: 'PLAYBACK.NOT_FOUND', values: { id: playbackId } });
    const id = await this.locks.insertOfPlayback(manager, playbackId, terms);
    return { row: await this.locks.get(manager, id), covered: [], missing: [] };
  }
}

function invalid(field: string, message: string): AppError {
  return invalidInput([{ field, message }]);
}
