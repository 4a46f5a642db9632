import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { FootagePin } from '../../schema/footage.entity.js';
import { PlaybackLock } from '../../schema/retention.entity.js';
import type { Span } from './domain/cover.js';

/** Who wants something kept, until when, and why. */
export interface LockTerms {
  untilAt: Date | null;
  note: string | null;
  createdBy: string;
}

export interface LockRow extends Omit<LockTerms, 'createdBy'> {
  id: string;
  cameraId: string;
  /** Of a playback, all of it; else `startAt` and `endAt` say what of the camera's footage. */
  playbackId: string | null;
  startAt: Date | null;
  endAt: Date | null;
  createdAt: Date;
}

const LOCKS_SQL = `
  SELECT id, camera_id AS "cameraId", NULL::uuid AS "playbackId", start_at AS "startAt", end_at AS "endAt",
         until_at AS "untilAt", note, created_at AS "createdAt"
    FROM footage_pins WHERE reason = 'lock'
  UNION ALL
  SELECT lock.id, playback.camera_id, playback.id, NULL, NULL, lock.until_at, lock.note, lock.created_at
    FROM playback_locks lock JOIN playbacks playback ON playback.id = lock.playback_id`;

/** Locks: pins that a person has set. A trigger lets a deletion of the same camera end before a row is inserted. */
@Injectable()
export class LockRepository {
  async insertOfFootage(manager: EntityManager, cameraId: string, range: Span, terms: LockTerms): Promise<string> {
    const [startAt, endAt] = [new Date(range.startMs), new Date(range.endMs)];
    const { identifiers } = await manager.insert(FootagePin, { cameraId, startAt, endAt, reason: 'lock', ...terms });
    return identifiers[0]!['id'] as string;
  }

  /** Waits for a deletion of the playback's camera that goes on, before the row is locked: a deletion takes both in this order. */
  async waitForDeletion(manager: EntityManager, playbackId: string): Promise<void> {
    await manager.query(
      `SELECT pg_advisory_xact_lock_shared(hashtextextended('keeping:' || camera_id, 0)) FROM playbacks WHERE id = $1`,
      [playbackId],
    );
  }

  async insertOfPlayback(manager: EntityManager, playbackId: string, terms: LockTerms): Promise<string> {
    const { identifiers } = await manager.insert(PlaybackLock, { playbackId, ...terms });
    return identifiers[0]!['id'] as string;
  }

  /** Those that hold, the newest first. */
  async findValid(manager: EntityManager, now: Date): Promise<LockRow[]> {
    return manager.query<LockRow[]>(
      `SELECT * FROM (${LOCKS_SQL}) lock WHERE "untilAt" IS NULL OR "untilAt" > $1 ORDER BY "createdAt" DESC, id`,
      [now],
    );
  }

  async get(manager: EntityManager, id: string): Promise<LockRow> {
    const [row] = await manager.query<[LockRow]>(`SELECT * FROM (${LOCKS_SQL}) lock WHERE id = $1`, [id]);
    return row;
  }

  /** One that holds a playback; null: none does. */
  async findOfPlayback(manager: EntityManager, playbackId: string, now: Date): Promise<LockRow | null> {
    const [row] = await manager.query<LockRow[]>(
      `SELECT * FROM (${LOCKS_SQL}) lock
        WHERE "playbackId" = $1 AND ("untilAt" IS NULL OR "untilAt" > $2) ORDER BY "createdAt", id LIMIT 1`,
      [playbackId, now],
    );
    return row ?? null;
  }

  /** @returns whether there was one */
  async delete(manager: EntityManager, id: string): Promise<boolean> {
    const { affected: footage } = await manager.delete(FootagePin, { id, reason: 'lock' });
    const { affected: playbacks } = await manager.delete(PlaybackLock, { id });
    return (footage ?? 0) + (playbacks ?? 0) > 0;
  }

  /** Segments of a camera that touch a range and are in the store, or on their way. */
  async findSegments(manager: EntityManager, cameraId: string, { startMs, endMs }: Span): Promise<Span[]> {
    const rows = await manager.query<{ startAt: Date; endAt: Date }[]>(
      // No segment is longer than an hour: the index need not be read from its beginning.
      `SELECT start_at AS "startAt", end_at AS "endAt" FROM footage_segments
        WHERE camera_id = $1 AND start_at < $3 AND start_at > $2::timestamptz - interval '1 hour' AND end_at > $2`,
      [cameraId, new Date(startMs), new Date(endMs)],
    );
    return rows.map(({ startAt, endAt }) => ({ startMs: startAt.getTime(), endMs: endAt.getTime() }));
  }
}
