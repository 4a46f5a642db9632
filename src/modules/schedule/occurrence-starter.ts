import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { CameraRepository } from '../camera/index.js';
import { RecordingService } from '../recording/index.js';
import { OccurrenceRepository } from './occurrence.repository.js';

/** What is to be recorded of an occurrence. */
export interface StartRequest {
  id: string;
  cameraId: string;
  startAt: Date;
  endAt: Date;
}

/** Gives an occurrence its recording. */
@Injectable()
export class OccurrenceStarter {
  constructor(
    private readonly clock: Clock,
    private readonly cameras: CameraRepository,
    private readonly recordings: RecordingService,
    private readonly occurrences: OccurrenceRepository,
  ) {}

  /**
   * The playback and the word `started` exist together or not at all: `manager` has a transaction, which has locked the occurrence.
   * @throws AppError `CAMERA.NOT_FOUND`, `CAMERA.DISABLED`, `RECORDING.QUEUE_FULL`
   */
  async start(manager: EntityManager, { id, cameraId, startAt, endAt }: StartRequest): Promise<void> {
    const camera = await this.cameras.getShared(manager, cameraId);
    const request = { camera, eventId: null, occurredAt: this.clock.now(), scheduled: { startAt, endAt } };
    const { playback } = await this.recordings.open(manager, request);
    await this.occurrences.setStarted(manager, id, playback.id);
  }
}
