import { Injectable, Optional } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import type { Camera } from '../camera/camera.entity.js';
import { notify } from '../database/notifications.js';
import { Playback } from '../playback/playback.entity.js';
import type { CaptureFailure } from './domain/failure.js';
import { buildLedger } from './domain/ledger.js';
import type { EndReason } from './domain/playback-state.js';
import { PlaybackStateRepository } from './playback-state.repository.js';
import { RecordingAdmission } from './recording-admission.js';

/** A trigger that is late by more than this has a wrong clock: its recording starts when we heard of it. */
const MAX_TRIGGER_AGE_MS = 300_000;

export interface RecordingRequest {
  camera: Camera;
  eventId: string | null;
  /** When the cause happened; footage is wanted from `camera.preRollSec` before. */
  occurredAt: Date;
}

export interface OpenedRecording {
  playback: Playback;
  /** Why nothing will be recorded, or null. */
  refusal: CaptureFailure | null;
}

export interface EndRequest {
  at: Date;
  reason: EndReason;
}

/** Opens and closes the wanted range of a recording in the database; the recorder that owns the camera is told by notification. */
@Injectable()
export class RecordingService {
  constructor(
    private readonly clock: Clock,
    private readonly states: PlaybackStateRepository,
    /** Only there in processes that record: elsewhere the recorder finds out by itself. */
    @Optional() private readonly admission?: RecordingAdmission,
  ) {}

  /** Inserts a PENDING playback inside the transaction of `manager`, or a FAILED one when this process knows that it cannot record. */
  async open(manager: EntityManager, request: RecordingRequest): Promise<OpenedRecording> {
    const playback = await this.insert(manager, request);
    const refusal = (await this.admission?.refusal()) ?? null;
    if (refusal) await this.refuse(manager, playback, refusal);
    else await notify(manager, 'hindsight_recordings', playback.id);
    return { playback, refusal };
  }

  /**
   * Closes the range at `at` (with the camera's post-roll unless it was stopped by hand), at most at its deadline.
   * Harmless when it was closed before. @returns the playback as it is now, null when there is none
   */
  async end(manager: EntityManager, playbackId: string, { at, reason }: EndRequest): Promise<Playback | null> {
    await manager.query(
      `UPDATE playbacks p SET end_reason = $3::varchar, range_end_at = greatest(p.range_start_at, least(p.deadline_at, $2::timestamptz
           + CASE WHEN $3::varchar = 'event_ended' THEN c.post_roll_sec ELSE 0 END * interval '1 second'))
         FROM cameras c
        WHERE p.id = $1 AND c.id = p.camera_id AND p.range_end_at IS NULL AND p.recording_status IN ('PENDING', 'RECORDING')`,
      [playbackId, at, reason],
    );
    await notify(manager, 'hindsight_recordings', playbackId);
    return manager.findOneBy(Playback, { id: playbackId });
  }

  private async refuse(
    manager: EntityManager,
    { id, rangeStartAt }: Playback,
    { code: failureCode, message: failureMessage, cause }: CaptureFailure,
  ): Promise<void> {
    const now = this.clock.now();
    const range = { startMs: (rangeStartAt ?? now).getTime(), endMs: now.getTime() };
    await this.states.transition(manager, id, 'FAILED', {
      ...buildLedger(range, [], [{ ...range, cause }]),
      ...{ failureCode, failureMessage, endReason: 'start_failed', rangeEndAt: now },
    });
  }

  private async insert(manager: EntityManager, { camera, eventId, occurredAt }: RecordingRequest): Promise<Playback> {
    const nowMs = this.clock.nowMs();
    const late = nowMs - occurredAt.getTime() > MAX_TRIGGER_AGE_MS;
    const fromMs = (late ? nowMs : Math.min(occurredAt.getTime(), nowMs)) - camera.preRollSec * 1_000;
    return manager.save(
      manager.create(Playback, {
        cameraId: camera.id,
        eventId,
        rangeStartAt: new Date(fromMs),
        deadlineAt: new Date(nowMs + camera.maxRecordingSec * 1_000),
      }),
    );
  }
}
