import { createHash } from 'node:crypto';
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
import type {
  CreateEventDto,
  EndEventResponse,
  EventListResponse,
  EventResponse,
  ListEventsQuery,
} from './event.dto.js';
import { CameraEvent } from '../../schema/event.entity.js';
import { EventRepository } from './event.repository.js';

export interface Trigger {
  input: CreateEventDto;
  userId: string;
  idempotencyKey: string | undefined;
}

export interface TriggerAnswer {
  event: EventResponse;
  /** The answer of an earlier request with the same key. */
  repeated: boolean;
}

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
  async create({ input, userId, idempotencyKey }: Trigger): Promise<TriggerAnswer> {
    const answer = await this.dataSource.transaction(async (manager): Promise<TriggerAnswer> => {
      const first = idempotencyKey === undefined ? null : await this.findAnswer(manager, userId, idempotencyKey, input);
      if (first) return { event: first, repeated: true };
      const event = await this.insert(manager, input);
      if (idempotencyKey !== undefined) await this.events.saveAnswer(manager, userId, idempotencyKey, { ...event });
      return { event, repeated: false };
    });
    if (!answer.repeated) this.metrics.events.inc({ decision: answer.event.recording.state });
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

  private async findAnswer(
    manager: EntityManager,
    userId: string,
    key: string,
    input: CreateEventDto,
  ): Promise<EventResponse | null> {
    const requestHash = createHash('sha256')
      .update(JSON.stringify(sortKeys(input)))
      .digest('hex');
    const first = await this.events.takeKey(manager, userId, key, requestHash);
    if (first && first.requestHash !== requestHash) {
      throw new AppError({ code: 'EVENT.IDEMPOTENCY_KEY_REUSED' });
    }
    // An answer that an older version gave does not know the field.
    return first ? ({ reportedAt: null, ...first.response } as unknown as EventResponse) : null;
  }

  private async insert(manager: EntityManager, input: CreateEventDto): Promise<EventResponse> {
    const camera = await this.cameras.getShared(manager, input.cameraId);
    const event = await manager.save(
      manager.create(CameraEvent, {
        cameraId: camera.id,
        type: input.type,
        description: input.description ?? null,
        ...whenItOccurred(input.occurredAt, this.clock.now()),
        metadata: input.metadata ?? {},
      }),
    );
    const decision = await this.decide(manager, camera, event);
    await manager.update(CameraEvent, { id: event.id }, decision);
    return toResponse({ ...event, camera, ...decision });
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

function toResponse(event: CameraEvent): EventResponse {
  const { camera, playbackId, recordingDecision: state, recordingReason: reason } = event;
  return {
    id: event.id,
    camera: { id: event.cameraId, name: camera?.name ?? '' },
    type: event.type,
    description: event.description,
    occurredAt: event.occurredAt.toISOString(),
    reportedAt: event.reportedAt?.toISOString() ?? null,
    endedAt: event.endedAt?.toISOString() ?? null,
    metadata: event.metadata,
    createdAt: event.createdAt.toISOString(),
    playbackId,
    recording: { state, ...(reason === null ? {} : { reason }) },
  };
}

/**
 * What is reported has happened: a time in the future only says that the sender's clock is ahead, by a second or by years. Refusing it
 * would lose the recording for good, since such a sensor says the same the next time; so the moment of receipt counts, and what was
 * said is kept for whoever wonders. However far ahead it is, there is no other moment that could be meant.
 */
function whenItOccurred(said: Date | undefined, now: Date): Pick<CameraEvent, 'occurredAt' | 'reportedAt'> {
  return said !== undefined && said > now
    ? { occurredAt: now, reportedAt: said }
    : { occurredAt: said ?? now, reportedAt: null };
}

/** The same request hashes alike, however its JSON is ordered. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sortKeys(item)]),
  );
}

function notFound(id: string): AppError {
  return new AppError({ code: 'EVENT.NOT_FOUND', values: { id } });
}
