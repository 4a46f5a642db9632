import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { FootagePin, type RemovalCause } from '../../schema/footage.entity.js';
import { formatFootageKey } from '../archive/index.js';
import { spriteKey, thumbnailKey, videoObjectKey } from '../storage/index.js';
import { JOINT_MS, mergeStretches, type Stretch } from './domain/removed-stretches.js';
import { type DoomedObject, TombstoneRepository } from './tombstone.repository.js';

interface SegmentRow {
  captureKey: string;
  number: number;
  startAt: Date;
  endAt: Date;
  sizeBytes: string;
}

interface PlaybackRow {
  id: string;
  objectKey: string | null;
  sizeBytes: string | null;
  hasMedia: boolean;
}

/**
 * The one way to delete: rows go, and tombstones of their objects come, in the transaction of `manager`, which holds the lock of the camera.
 * The objects go afterwards.
 */
@Injectable()
export class RemovalRepository {
  constructor(private readonly tombstones: TombstoneRepository) {}

  /**
   * Deletes the rows of stored segments and writes down what went, and why.
   * @param ids `{capture id}/{number}`
   * @returns the bytes that come free
   */
  async removeSegments(
    manager: EntityManager,
    { cameraId, ids, cause, now }: { cameraId: string; ids: readonly string[]; cause: RemovalCause; now: Date },
  ): Promise<number> {
    const [rows] = await manager.query<[SegmentRow[], number]>(
      `DELETE FROM footage_segments s USING footage_captures capture
        WHERE s.camera_id = $1 AND s.state = 'stored' AND capture.id = s.capture_id
          AND (s.capture_id, s.number) IN (SELECT * FROM unnest($2::bigint[], $3::int[]))
       RETURNING capture.capture_key AS "captureKey", s.number, s.start_at AS "startAt", s.end_at AS "endAt",
                 s.size_bytes AS "sizeBytes"`,
      [cameraId, ids.map((id) => id.split('/')[0]), ids.map((id) => id.split('/')[1])],
    );
    const segments = rows.map((row) => ({
      ...row,
      startMs: row.startAt.getTime(),
      endMs: row.endAt.getTime(),
      sizeBytes: Number(row.sizeBytes),
    }));
    const toObject = ({ captureKey, number, startMs, endMs, sizeBytes }: (typeof segments)[number]): DoomedObject => ({
      store: 'footage',
      key: formatFootageKey({ cameraId, startMs, durationMs: endMs - startMs, captureKey, number }),
      sizeBytes,
    });
    await this.tombstones.insert(manager, segments.map(toObject));
    for (const stretch of mergeStretches(segments)) await this.note(manager, cameraId, stretch, cause, now);
    return segments.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
  }

  /**
   * Deletes the rows of playbacks that are final, and of exports, which whoever makes them finds gone.
   * @returns their objects
   */
  async removePlaybacks(manager: EntityManager, ids: readonly string[], now: Date): Promise<DoomedObject[]> {
    // Whoever calls has seen that no other lock holds them; one that is left after all keeps its row from going.
    await manager.query('DELETE FROM playback_locks WHERE playback_id = ANY ($1) AND until_at <= $2', [ids, now]);
    const [rows] = await manager.query<[PlaybackRow[], number]>(
      `DELETE FROM playbacks WHERE id = ANY ($1) AND (recording_status IN ('COMPLETED', 'FAILED') OR kind = 'export')
       RETURNING id, object_key AS "objectKey", file_size_bytes AS "sizeBytes",
                 EXISTS (SELECT FROM playback_media WHERE playback_id = playbacks.id) AS "hasMedia"`,
      [ids],
    );
    const objects = rows.flatMap(({ id, objectKey, sizeBytes, hasMedia }): DoomedObject[] => {
      const video = {
        store: 'playbacks' as const,
        key: videoObjectKey({ id, objectKey }),
        sizeBytes: Number(sizeBytes),
      };
      // Previews may still be on their way: a key without an object costs nothing.
      const previews = hasMedia ? [thumbnailKey(id), spriteKey(id)] : [];
      return [video, ...previews.map((key) => ({ store: 'playbacks' as const, key, sizeBytes: 0 }))];
    });
    await manager.delete(FootagePin, { refId: In([...ids]), reason: 'export' });
    await this.tombstones.insert(manager, objects);
    return objects;
  }

  /** One row tells of all that went next to each other for one cause. */
  private async note(
    manager: EntityManager,
    cameraId: string,
    { startMs, endMs, sizeBytes }: Stretch,
    cause: RemovalCause,
    now: Date,
  ): Promise<void> {
    const [before] = await manager.query<[{ startAt: Date; endAt: Date; sizeBytes: string }[], number]>(
      `DELETE FROM footage_removals WHERE camera_id = $1 AND cause = $2 AND start_at <= $4 AND end_at >= $3
       RETURNING start_at AS "startAt", end_at AS "endAt", size_bytes AS "sizeBytes"`,
      [cameraId, cause, new Date(startMs - JOINT_MS), new Date(endMs + JOINT_MS)],
    );
    await manager.query(
      `INSERT INTO footage_removals (camera_id, start_at, end_at, cause, size_bytes, removed_at)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [
        cameraId,
        new Date(Math.min(startMs, ...before.map(({ startAt }) => startAt.getTime()))),
        new Date(Math.max(endMs, ...before.map(({ endAt }) => endAt.getTime()))),
        cause,
        before.reduce((bytes, row) => bytes + Number(row.sizeBytes), sizeBytes),
        now,
      ],
    );
  }
}
