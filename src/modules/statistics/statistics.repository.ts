import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Counts, GapSum, GroupKey } from './domain/groups.js';

/** A stretch of time, half-open; recordings whose wanted range begins in it are counted under its date, or under none. */
export interface CountedSpan {
  date: string | null;
  startMs: number;
  endMs: number;
}

export interface StatisticsFilter {
  spans: readonly CountedSpan[];
  /** Undefined: every camera. */
  cameraIds?: readonly string[] | undefined;
  byCamera: boolean;
}

/**
 * Each camera with each span. For each of these pairs the subquery behind it reads one stretch of `idx_playbacks_camera_range` or of
 * `idx_playbacks_gaps`, and nothing else of the table. It aggregates, so that PostgreSQL cannot turn it into a join of its own choice.
 */
const PAIRS = `
  cameras camera
  CROSS JOIN unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS span (date, start_at, end_at)
  CROSS JOIN LATERAL`;
const ITS_RECORDINGS = `playback.camera_id = camera.id AND playback.kind <> 'export'
  AND playback.range_start_at >= span.start_at AND playback.range_start_at < span.end_at`;
const ITS_CAMERAS = '($4::uuid[] IS NULL OR camera.id = ANY ($4))';

/**
 * Sums over recordings. One belongs to where its wanted range begins, as the timeline shows it: its row is written later when the
 * trigger was late or there is a pre-roll, on another day or in another month. Rows without a range never were recordings, and exports hold
 * what was recorded already.
 */
@Injectable()
export class StatisticsRepository {
  /** Groups with recordings, by camera id and date; at most `limit`. */
  async count(manager: EntityManager, filter: StatisticsFilter, limit: number): Promise<(GroupKey & Counts)[]> {
    return manager.query<(GroupKey & Counts)[]>(
      `SELECT span.date, ${cameraOf(filter)} AS "cameraId",
              sum(cell.recordings)::float8 AS recordings, sum(cell.completed)::float8 AS completed,
              sum(cell.failed)::float8 AS failed,
              coalesce(sum(cell.stored_ms), 0)::float8 AS "storedMs", coalesce(sum(cell.bytes), 0)::float8 AS bytes
         FROM ${PAIRS} (
           SELECT count(*) AS recordings,
                  count(*) FILTER (WHERE recording_status = 'COMPLETED') AS completed,
                  count(*) FILTER (WHERE recording_status = 'FAILED') AS failed,
                  sum(stored_ms) FILTER (WHERE recording_status = 'COMPLETED') AS stored_ms,
                  sum(file_size_bytes) FILTER (WHERE recording_status = 'COMPLETED') AS bytes
             FROM playbacks playback
            WHERE ${ITS_RECORDINGS}
         ) cell
        WHERE ${ITS_CAMERAS} AND cell.recordings > 0
        GROUP BY 1, 2 ORDER BY 2, 1 LIMIT $5`,
      [...parametersOf(filter), limit],
    );
  }

  /** What is missing in recordings that have ended. */
  async sumGaps(manager: EntityManager, filter: StatisticsFilter): Promise<(GroupKey & GapSum)[]> {
    return manager.query<(GroupKey & GapSum)[]>(
      `SELECT span.date, ${cameraOf(filter)} AS "cameraId", cell.cause,
              sum(cell.count)::float8 AS count, round(sum(cell.ms))::float8 AS ms
         FROM ${PAIRS} (
           SELECT gap.value ->> 'cause' AS cause, count(*) AS count,
                  sum(date_part('epoch', (gap.value ->> 'endAt')::timestamptz - (gap.value ->> 'startAt')::timestamptz)
                    * 1000) AS ms
             FROM playbacks playback CROSS JOIN LATERAL jsonb_array_elements(playback.gaps) AS gap (value)
            WHERE ${ITS_RECORDINGS} AND playback.gaps <> '[]'
              AND playback.recording_status IN ('COMPLETED', 'FAILED')
            GROUP BY 1
         ) cell
        WHERE ${ITS_CAMERAS}
        GROUP BY 1, 2, 3`,
      parametersOf(filter),
    );
  }
}

function cameraOf({ byCamera }: StatisticsFilter): string {
  return byCamera ? 'camera.id' : 'NULL::uuid';
}

function parametersOf({ spans, cameraIds }: StatisticsFilter): unknown[] {
  const toInstant = (ms: number) => new Date(ms).toISOString();
  return [
    spans.map(({ date }) => date),
    spans.map(({ startMs }) => toInstant(startMs)),
    spans.map(({ endMs }) => toInstant(endMs)),
    cameraIds ?? null,
  ];
}
