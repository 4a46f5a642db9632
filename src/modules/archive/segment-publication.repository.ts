import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RemovalCause } from '../../schema/footage.entity.js';
import { formatFootageKey } from './domain/footage-key.js';
import type { SegmentFacts } from './domain/segment-facts.js';

/** What the segments of a capture have in common. */
export interface CaptureFacts {
  cameraId: string;
  captureKey: string;
  configDigest: string;
  /** `ftyp` and `moov`. */
  initBytes: number;
}

/** A stretch in which all footage of a camera is wanted, milliseconds since the epoch; half-open. */
export interface WantedPeriod {
  cameraId: string;
  startMs: number;
  /** Infinity: it goes on. */
  endMs: number;
}

/** Footage that cannot be read, wall clock; half-open. */
export interface LostStretch {
  startMs: number;
  endMs: number;
  sizeBytes: number;
}

export interface LostSegment extends LostStretch {
  cameraId: string;
  captureKey: string;
  number: number;
}

/** The index of the archive, as the recorders write it. */
@Injectable()
export class SegmentPublicationRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Of these cameras, the periods that end after `sinceMs`. */
  async findWanted(cameraIds: readonly string[], sinceMs: number): Promise<WantedPeriod[]> {
    const rows = await this.dataSource.query<{ cameraId: string; startAt: Date; endAt: Date | null }[]>(
      `SELECT camera_id AS "cameraId", start_at AS "startAt", end_at AS "endAt" FROM footage_periods
        WHERE camera_id = ANY ($1) AND (end_at IS NULL OR end_at > $2)`,
      [cameraIds, new Date(sinceMs)],
    );
    return rows.map(({ cameraId, startAt, endAt }) => ({
      cameraId,
      startMs: startAt.getTime(),
      endMs: endAt?.getTime() ?? Infinity,
    }));
  }

  /** The highest number of each capture's segments that are in the store. */
  async findStored(captureKeys: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.dataSource.query<{ captureKey: string; number: number }[]>(
      `SELECT capture.capture_key AS "captureKey", max(segment.number) AS number
         FROM footage_captures capture JOIN footage_segments segment ON segment.capture_id = capture.id
        WHERE capture.capture_key = ANY ($1) AND segment.state = 'stored'
        GROUP BY capture.capture_key`,
      [captureKeys],
    );
    return new Map(rows.map(({ captureKey, number }) => [captureKey, number]));
  }

  /** Says that a segment is sealed on the disk of `nodeId`. Harmless when it is known already. */
  async insertLocal(nodeId: string, capture: CaptureFacts, segment: SegmentFacts, md5Hex: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      // What was deleted under this key goes on from here: waits for a purge that goes on.
      await manager.query(`DELETE FROM tombstones WHERE store = 'footage' AND key = $1`, [formatFootageKey(segment)]);
      await manager.query(
        `INSERT INTO footage_captures (camera_id, capture_key, config_digest, init_bytes) VALUES ($1, $2, $3, $4)
             ON CONFLICT (capture_key) DO NOTHING`,
        [capture.cameraId, capture.captureKey, capture.configDigest, capture.initBytes],
      );
      const { startMs, durationMs, number, sizeBytes, tailBytes, frames, gops } = segment;
      await manager.query(
        `INSERT INTO footage_segments (camera_id, start_at, end_at, capture_id, number, size_bytes, tail_bytes, frames,
                                       state, node_id, md5, gops)
         SELECT camera_id, $2, $3, id, $4, $5, $6, $7, 'local', $8, decode($9, 'hex'), $10
           FROM footage_captures WHERE capture_key = $1
             ON CONFLICT DO NOTHING`,
        [
          capture.captureKey,
          ...[new Date(startMs), new Date(startMs + durationMs)],
          ...[number, sizeBytes, tailBytes, frames, nodeId, md5Hex, gops],
        ],
      );
    });
  }

  /** Says that the store has it, and has confirmed its digest. */
  async markStored({ captureKey, number }: Pick<SegmentFacts, 'captureKey' | 'number'>): Promise<void> {
    await this.dataSource.query(
      `UPDATE footage_segments segment SET state = 'stored', node_id = NULL
         FROM footage_captures capture
        WHERE capture.capture_key = $1 AND segment.capture_id = capture.id AND segment.number = $2`,
      [captureKey, number],
    );
  }

  /**
   * Writes down that a segment was recorded and is no more; a row that it has got already goes, and what of it may be in the store.
   * @returns false when somebody wants it kept: then nothing is done
   */
  async giveUp(segment: LostSegment, cause: RemovalCause): Promise<boolean> {
    const { captureKey, cameraId, number, startMs, endMs, sizeBytes } = segment;
    const stretch = [cameraId, new Date(startMs), new Date(endMs)];
    return this.dataSource.transaction(async (manager) => {
      if (cause === 'disk') {
        const pins = await manager.query<unknown[]>(
          `SELECT FROM footage_pins
            WHERE camera_id = $1 AND start_at < $3 AND end_at > $2 AND (until_at IS NULL OR until_at > now()) LIMIT 1`,
          stretch,
        );
        if (pins.length > 0) return false;
      }
      const [rows] = await manager.query<[{ startAt: Date; endAt: Date }[], number]>(
        `DELETE FROM footage_segments USING footage_captures capture
          WHERE capture.capture_key = $1 AND capture_id = capture.id AND number = $2 AND state = 'local'
        RETURNING start_at AS "startAt", end_at AS "endAt"`,
        [captureKey, number],
      );
      for (const { startAt, endAt } of rows) {
        const durationMs = endAt.getTime() - startAt.getTime();
        const key = formatFootageKey({ cameraId, startMs: startAt.getTime(), durationMs, captureKey, number });
        await manager.query(`INSERT INTO tombstones (store, key, size_bytes) VALUES ('footage', $1, 0)`, [key]);
      }
      await manager.query(
        `INSERT INTO footage_removals (camera_id, start_at, end_at, cause, size_bytes, removed_at)
         VALUES ($1, $2, $3, $4, $5, now()) ON CONFLICT DO NOTHING`,
        [...stretch, cause, sizeBytes],
      );
      return true;
    });
  }
}
