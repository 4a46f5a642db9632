import { Injectable, Optional } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import type { Camera } from '../../schema/camera.entity.js';
import { notify } from '../database/index.js';
import { Playback } from '../../schema/playback.entity.js';
import { type CaptureFailure, RecordingAdmission } from '../capture/index.js';
import { buildLedger } from '../../schema/ledger.js';
import type { EndReason } from '../../schema/playback-state.js';
import { PlaybackStateRepository } from '../catalogue/index.js';
import { type OpenRange, planJoinedRange, planRange } from './domain/range-plan.js';
import { formatNotice, type RecordingNotice } from './domain/recording-notice.js';
import { RecordingRangeRepository } from './recording-range.repository.js';

export interface RecordingRequest {
  camera: Camera;
  /** Null: somebody asked for it by hand, or a schedule. */
  eventId: string | null;
  /** When the cause happened; footage is wanted from `camera.preRollSec` before. */
  occurredAt: Date;
  /** Set: footage is wanted from then on instead, however long ago that is; what is not there any more is a gap. */
  startAt?: Date | undefined;
  /** Exactly this is wanted, half-open; it may begin later than now. The times above and the camera's pre-roll then say nothing. */
  scheduled?: { startAt: Date; endAt: Date } | undefined;
  /** It ends then by itself, counted from now; default: `camera.maxRecordingSec`. */
  maxRecordingSec?: number | undefined;
}

export interface OpenedRecording {
  playback: Playback;
  /** Another event had opened it. */
  joined: boolean;
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
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly ranges: RecordingRangeRepository,
    private readonly states: PlaybackStateRepository,
    /** Only there in processes that record: elsewhere the recorder finds out by itself. */
    @Optional() private readonly admission?: RecordingAdmission,
  ) {}

  /**
   * Joins a recording where the camera's overlap policy says so, else inserts a PENDING playback inside the transaction of `manager`,
   * or a FAILED one when this process knows that it cannot record. What runs may be joined whatever stands in the way of a new one.
   * @throws AppError `RECORDING.QUEUE_FULL`, `CAMERA.DISABLED`
   */
  async open(manager: EntityManager, request: RecordingRequest): Promise<OpenedRecording> {
    const { camera, eventId, occurredAt, startAt, maxRecordingSec = camera.maxRecordingSec } = request;
    if (!camera.enabled) throw new AppError({ code: 'CAMERA.DISABLED' });
    const { preRollSec } = camera;
    const { lateTriggerMaxSec } = this.config.recording;
    const times = { occurredAtMs: occurredAt.getTime(), nowMs: this.clock.nowMs(), preRollSec, maxRecordingSec };
    const planned = exactly(request.scheduled) ?? planRange(times, lateTriggerMaxSec);
    const range = startAt ? { ...planned, startMs: startAt.getTime() } : planned;
    const merges = camera.overlapPolicy === 'merge' && eventId !== null;
    const joined = merges ? await this.join(manager, camera, range) : null;
    if (joined) return { playback: joined, joined: true, refusal: null };
    const refusal = (await this.admission?.refusal()) ?? null;
    if (!refusal) await this.checkQueue(manager);
    const playback = await this.insert(manager, request, range);
    if (refusal) await this.refuse(manager, playback, refusal);
    else await this.tell(manager, { cameraId: camera.id, nodeId: null });
    return { playback, joined: false, refusal };
  }

  /**
   * Closes the range at `at`, at most at its dead-man limit: with the camera's post-roll after `event_ended`, at once for any other reason,
   * also when the post-roll has begun. Harmless when the range has ended before. @returns the playback as it is now, null when there is none
   */
  async end(manager: EntityManager, playbackId: string, { at, reason }: EndRequest): Promise<Playback | null> {
    await this.ranges.close(manager, playbackId, at, reason);
    const playback = await manager.findOneBy(Playback, { id: playbackId });
    if (playback) await this.tell(manager, playback);
    return playback;
  }

  /** @returns the recording that the trigger belongs to now, open again if it was in its post-roll; null when there is none to join */
  private async join(
    manager: EntityManager,
    { id: cameraId, preRollSec }: Camera,
    wanted: OpenRange,
  ): Promise<Playback | null> {
    await this.ranges.lockMerging(manager, cameraId);
    const now = this.clock.now();
    const oldestStart = new Date(now.getTime() - this.config.recording.mergeMaxSec * 1_000);
    const playback = await this.ranges.findJoinable(manager, { cameraId, now, oldestStart });
    if (!playback) return null;
    const present = {
      startMs: playback.rangeStartAt?.getTime() ?? wanted.startMs,
      deadlineMs: playback.deadlineAt?.getTime() ?? wanted.deadlineMs,
    };
    const begun = playback.recordingStatus === 'RECORDING';
    await this.ranges.reopen(manager, playback.id, planJoinedRange(present, wanted, { warm: preRollSec > 0, begun }));
    await this.tell(manager, playback);
    return playback;
  }

  /** Triggers that come at the same moment do not see each other here: the bound may be passed by as many as run at once. */
  private async checkQueue(manager: EntityManager): Promise<void> {
    const { maxQueued } = this.config.recording;
    if ((await this.ranges.countPending(manager, maxQueued)) < maxQueued) return;
    throw new AppError({ code: 'RECORDING.QUEUE_FULL', values: { maxQueued } });
  }

  private async tell(manager: EntityManager, notice: RecordingNotice): Promise<void> {
    await notify(manager, 'hindsight_recordings', formatNotice(notice));
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

  private async insert(
    manager: EntityManager,
    { camera: { id: cameraId }, eventId, scheduled }: RecordingRequest,
    { startMs, deadlineMs }: OpenRange,
  ): Promise<Playback> {
    const range = { rangeStartAt: new Date(startMs), deadlineAt: new Date(deadlineMs) };
    const kind = scheduled ? 'schedule' : eventId === null ? 'manual' : 'event';
    const end = scheduled ? { rangeEndAt: range.deadlineAt, endReason: 'schedule_ended' as const } : {};
    return manager.save(manager.create(Playback, { cameraId, eventId, kind, ...range, ...end }));
  }
}

function exactly(scheduled: RecordingRequest['scheduled']): OpenRange | null {
  return scheduled ? { startMs: scheduled.startAt.getTime(), deadlineMs: scheduled.endAt.getTime() } : null;
}
