import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { RemovalCause, SegmentState } from '../../schema/footage.entity.js';
import type { CausedSpan, GapCause, Span } from '../../schema/ledger.js';

/** A footage segment, as its row and that of its capture have it. */
export interface SegmentRow {
  cameraId: string;
  captureKey: string;
  /** In its capture, from 1 on. */
  number: number;
  startAt: Date;
  endAt: Date;
  sizeBytes: number;
  tailBytes: number;
  /** So many bytes at its beginning are `ftyp` and `moov`. */
  initBytes: number;
  state: SegmentState;
  /** Its object was looked for and is not in the store. */
  isMissing: boolean;
}

/** No segment is longer, by a check of the table: one that reaches into a range begins no earlier than that before it. */
const MOST_SEGMENT = `interval '1 hour'`;
/** A segment that begins behind the range may hold what pictures of the range lean on: some frames. */
const LEAN_MS = 2_000;
const SEEN = 'segment.trashed_at IS NULL';
const TOUCHES = `segment.camera_id = $1 AND segment.start_at < $3 AND segment.start_at > $2::timestamptz - ${MOST_SEGMENT} AND segment.end_at > $2`;

const CAUSES: Record<RemovalCause, GapCause> = {
  retention: 'footage_expired',
  quota: 'footage_expired',
  disk: 'footage_expired',
  deleted: 'footage_deleted',
  lost: 'footage_lost',
};

/** What the index of the archive says of a range of a camera. */
@Injectable()
export class SegmentRangesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** What touches a range, in order of time, and what follows it so closely that pictures in it may lean on it. What is in the trash is left out. */
  async find(cameraId: string, { startMs, endMs }: Span): Promise<SegmentRow[]> {
    return this.dataSource.query(
      `SELECT segment.camera_id AS "cameraId", capture.capture_key AS "captureKey", segment.number,
              segment.start_at AS "startAt", segment.end_at AS "endAt", segment.size_bytes::float8 AS "sizeBytes",
              segment.tail_bytes AS "tailBytes", capture.init_bytes AS "initBytes", segment.state,
              segment.missing_since IS NOT NULL AS "isMissing"
         FROM footage_segments segment JOIN footage_captures capture ON capture.id = segment.capture_id
        WHERE ${TOUCHES} AND ${SEEN} ORDER BY segment.start_at, capture.capture_key, segment.number`,
      [cameraId, new Date(startMs), new Date(endMs + LEAN_MS)],
    );
  }

  /** Whether there is any footage in a range. */
  async hasAny(manager: EntityManager, cameraId: string, { startMs, endMs }: Span): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      `SELECT FROM footage_segments segment WHERE ${TOUCHES} AND ${SEEN} AND segment.missing_since IS NULL LIMIT 1`,
      [cameraId, new Date(startMs), new Date(endMs)],
    );
    return rows.length > 0;
  }

  /** Whether all footage of the camera was wanted at some time in a range: then what is not there yet may be on its way. */
  async isWanted(
    cameraId: string,
    { startMs, endMs }: Span,
    { manager }: Pick<DataSource, 'manager'> = this.dataSource,
  ): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      `SELECT FROM footage_periods WHERE camera_id = $1 AND start_at < $3 AND (end_at IS NULL OR end_at > $2) LIMIT 1`,
      [cameraId, new Date(startMs), new Date(endMs)],
    );
    return rows.length > 0;
  }

  /** What of a range was there and is not any more, and why. */
  async findRemoved(cameraId: string, { startMs, endMs }: Span): Promise<CausedSpan[]> {
    const range = [cameraId, new Date(startMs), new Date(endMs)];
    const removals = await this.dataSource.query<{ startAt: Date; endAt: Date; cause: RemovalCause }[]>(
      `SELECT start_at AS "startAt", end_at AS "endAt", cause FROM footage_removals
        WHERE camera_id = $1 AND start_at < $3 AND end_at > $2
       UNION ALL
       SELECT segment.start_at, segment.end_at, CASE WHEN ${SEEN} THEN 'lost' ELSE 'deleted' END
         FROM footage_segments segment
        WHERE ${TOUCHES} AND (segment.trashed_at IS NOT NULL OR segment.missing_since IS NOT NULL)`,
      range,
    );
    return removals.map(({ startAt, endAt, cause }) => ({
      startMs: startAt.getTime(),
      endMs: endAt.getTime(),
      cause: CAUSES[cause],
    }));
  }
}
