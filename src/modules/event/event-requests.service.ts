import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppError } from '../../common/errors.js';
import type { CreateEventDto, EventResponse } from './event.dto.js';
import { toResponse, toTrigger } from './event.presenter.js';
import { EventService } from './event.service.js';
import { IdempotencyKeyRepository } from './idempotency-key.repository.js';

export interface EventRequest {
  input: CreateEventDto;
  userId: string;
  idempotencyKey: string | undefined;
}

export interface EventAnswer {
  event: EventResponse;
  /** The answer of an earlier request with the same key. */
  repeated: boolean;
}

/** Triggers that come by request: a repeat with the same `Idempotency-Key` stores nothing, and gets the first answer. */
@Injectable()
export class EventRequests {
  constructor(
    private readonly events: EventService,
    private readonly keys: IdempotencyKeyRepository,
  ) {}

  /** @throws AppError `EVENT.IDEMPOTENCY_KEY_REUSED`, `CAMERA.NOT_FOUND`, and what the recording says */
  async create({ input, userId, idempotencyKey: key }: EventRequest): Promise<EventAnswer> {
    const trigger = toTrigger(input);
    if (key === undefined) return { event: toResponse(await this.events.create(trigger)), repeated: false };
    return this.events.createWithin(trigger, async (manager, store): Promise<EventAnswer> => {
      const first = await this.findAnswer(manager, userId, key, input);
      if (first) return { event: first, repeated: true };
      const event = toResponse(await store());
      await this.keys.saveAnswer(manager, userId, key, { ...event });
      return { event, repeated: false };
    });
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
    const first = await this.keys.take(manager, userId, key, requestHash);
    if (first && first.requestHash !== requestHash) {
      throw new AppError({ code: 'EVENT.IDEMPOTENCY_KEY_REUSED' });
    }
    // An answer that an older version gave does not know the field.
    return first ? ({ reportedAt: null, ...first.response } as unknown as EventResponse) : null;
  }
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
