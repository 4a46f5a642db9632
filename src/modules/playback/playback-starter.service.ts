import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { invalidInput } from '../../common/validation.pipe.js';
import type { Playback } from '../../schema/playback.entity.js';
import { CameraRepository } from '../camera/index.js';
import { ExportService } from '../export/index.js';
import { RecordingService } from '../recording/index.js';
import { longestMs, planWanted, type WantedFootage } from './domain/wanted-footage.js';
import { MAX_DURATION_SEC, type StartRecordingDto } from './playback.dto.js';

/** Starts recordings by hand, and exports. */
@Injectable()
export class PlaybackStarter {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly cameras: CameraRepository,
    private readonly recordings: RecordingService,
    private readonly exports: ExportService,
  ) {}

  /**
   * Makes a playback because somebody wants it, without an event: of footage that is to come, or of what is there.
   * @returns its id; it is FAILED when the camera cannot be recorded now
   * @throws AppError `REQUEST.INVALID`, `CAMERA.NOT_FOUND`, `CAMERA.DISABLED`, `RECORDING.QUEUE_FULL`, `PLAYBACK.RANGE_TOO_LONG`,
   * `FOOTAGE.NONE`
   */
  async start({ cameraId, ...times }: StartRecordingDto): Promise<string> {
    const wanted = planWanted(times, this.clock.nowMs());
    if ('field' in wanted) throw invalidInput([wanted]);
    const playback = await this.dataSource.transaction((manager) => this.open(manager, cameraId, wanted));
    return playback.id;
  }

  private async open(manager: EntityManager, cameraId: string, wanted: WantedFootage): Promise<Playback> {
    const camera = await this.cameras.getShared(manager, cameraId);
    if (wanted.kind === 'past') return this.exports.open(manager, cameraId, wanted);
    const { startAt, durationSec } = wanted;
    if (longestMs(wanted, this.clock.nowMs()) > MAX_DURATION_SEC * 1_000) {
      throw new AppError({ code: 'PLAYBACK.RANGE_TOO_LONG', values: { hours: MAX_DURATION_SEC / 3_600 } });
    }
    const request = { camera, eventId: null, occurredAt: this.clock.now(), startAt, maxRecordingSec: durationSec };
    return (await this.recordings.open(manager, request)).playback;
  }
}
