import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { formatCursor, parseCursor } from '../../common/keyset.js';
import { readCursor } from '../../common/page-query.js';
import type { Camera } from '../../schema/camera.entity.js';
import { CameraRepository } from '../camera/index.js';
import { Metrics } from '../health/index.js';
import type { Playback } from '../../schema/playback.entity.js';
import { PlaybackRows } from '../catalogue/index.js';
import { RecordingService } from '../recording/index.js';
import { CameraEvent } from '../../schema/event.entity.js';
import type { Trigger } from './domain/trigger.js';
import type { EndEventResponse, EventListResponse, EventResponse, ListEventsQuery } from './event.dto.js';
import { toResponse } from './event.presenter.js';
import { EventRepository } from './event.repository.js';

type Decision = Pick<CameraEvent, 'recordingDecision' | 'recordingReason' | 'playbackId'>;

/** Stores events and decides which of them record. */
@Injectable()
export class EventService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    private readonly cameras: CameraRepository,
    private readonly events: EventRepository,
    private readonly recordings: RecordingService,
    private readonly rows: PlaybackRows,
  ) {}

  /** One transaction: the event, its playback and the recorder's notification exist together or not at all. */
  async create(trigger: Trigger): Promise<CameraEvent> {
    return this.createWithin(trigger, (_manager, store) => store());
  }

  /**
   * The same, for a sender that may say a thing twice.
   * @param within runs in the transaction, and stores the event if it is new
   * @returns what `within` returns
   */
  async createWithin<T>(
    trigger: Trigger,
    within: (manager: EntityManager, store: () => Promise<CameraEvent>) => Promise<T>,
  ): Promise<T> {
    const stored: CameraEvent[] = [];
    const answer = await this.dataSource.transaction((manager) =>
      within(manager, async () => {
        const event = await this.insert(manager, trigger);
        stored.push(event);
        return event;
      }),
    );
    for (const { recordingDecision: decision } of stored) this.metrics.events.inc({ decision });
    return answer;
  }

  /** Ends the event once; every call answers with the recording as it is now. */
  async end(eventId: string): Promise<EndEventResponse> {
    return this.dataSource.transaction(async (manager) => {
      const event = await manager.findOneBy(CameraEvent, { id: eventId });
      if (!event) throw notFound(eventId);
      const { playbackId } = event;
      // The playback before its event, as deletion locks them; under its lock two ends at once see each other.
      const playback = playbackId === null ? null : await this.rows.findLocked(manager, playbackId);
      await this.events.setEnded(manager, eventId, this.clock.now());
      const now = playback && (await this.endRecording(manager, playback));
      return { ok: true, eventId, playbackId: now?.id ?? null, recordingStatus: now?.recordingStatus ?? null };
    });
  }

  async get(eventId: string): Promise<EventResponse> {
    const event = await this.events.findById(eventId);
    if (!event) throw notFound(eventId);
    return toResponse(event);
  }

  async list({ limit, cursor, ...filter }: ListEventsQuery): Promise<EventListResponse> {
    const after = readCursor(cursor, parseCursor);
    const [rows, total] = await Promise.all([
      this.events.findPage(filter, limit + 1, after),
      this.events.count(filter),
    ]);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      data: page.map(toResponse),
      total,
      nextCursor: rows.length > limit && last ? formatCursor({ at: last.occurredAt, id: last.id }) : null,
    };
  }

  private async insert(manager: EntityManager, trigger: Trigger): Promise<CameraEvent> {
    const camera = await this.cameras.getShared(manager, trigger.cameraId);
    const event = await manager.save(
      manager.create(CameraEvent, {
        cameraId: camera.id,
        type: trigger.type,
        description: trigger.description,
        ...whenItOccurred(trigger.saidAt, this.clock.now()),
        metadata: trigger.metadata,
      }),
    );
    const decision = await this.decide(manager, camera, event);
    await manager.update(CameraEvent, { id: event.id }, decision);
    return { ...event, camera, ...decision };
  }

  private async decide(
    manager: EntityManager,
    camera: Camera,
    { id: eventId, type, occurredAt }: CameraEvent,
  ): Promise<Decision> {
    const recordingReason = reasonNotToRecord(camera, type);
    if (recordingReason !== null) return { recordingDecision: 'not_requested', recordingReason, playbackId: null };
    const { playback, joined, refusal } = await this.recordings.open(manager, { camera, eventId, occurredAt });
    return {
      recordingDecision: refusal ? 'refused' : joined ? 'joined' : 'requested',
      recordingReason: refusal?.message ?? null,
      playbackId: playback.id,
    };
  }

  /** Closes the range when the last event of the playback has ended. @returns the playback as it is now */
  private async endRecording(manager: EntityManager, playback: Playback): Promise<Playback | null> {
    const at = await this.events.findLastEnd(manager, playback.id, this.clock.now());
    return at === null ? playback : this.recordings.end(manager, playback.id, { at, reason: 'event_ended' });
  }
}

/** @returns null when events of this type record on this camera */
function reasonNotToRecord({ enabled, recordOn }: Camera, type: string): string | null {
  if (!enabled) return 'This camera is disarmed (enabled: false).';
  return recordOn.includes(type) ? null : `Events of type ${type} do not record on this camera.`;
}

/**
 * What is reported has happened: a time in the future only says that the sender's clock is ahead, by a second or by years. Refusing it
 * would lose the recording for good, since such a sensor says the same the next time; so the moment of receipt counts, and what was
 * said is kept for whoever wonders. However far ahead it is, there is no other moment that could be meant.
 */
function whenItOccurred(said: Date | null, now: Date): Pick<CameraEvent, 'occurredAt' | 'reportedAt'> {
  return said !== null && said > now
    ? { occurredAt: now, reportedAt: said }
    : { occurredAt: said ?? now, reportedAt: null };
}

function notFound(id: string): AppError {
  return new AppError({ code: 'EVENT.NOT_FOUND', values: { id } });
}
