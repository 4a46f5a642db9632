import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Span } from '../../schema/ledger.js';
import type { RemovalCause, SegmentState } from '../../schema/footage.entity.js';
import { CLOCK_STEP_MS, MAX_SEAM_MS, ROUNDING_MS } from './domain/coverage.js';
import {
  type IndexedRun,
  type IndexedSegment,
  type RunEdge,
  type SegmentPosition,
  type SegmentRow,
  toRuns,
  toSegment,
} from './indexed-footage.js';

/** What a day holds. */
export interface DaySum {
  hasFootage: boolean;
  /** Whether somebody keeps some of it: a lock or a hold. */
  isLocked: boolean;
}

export interface RemovedSpan extends Span {
  cause: RemovalCause;
}

const ABSENCE = `CASE WHEN segment.trashed_at IS NOT NULL THEN 'trashed' WHEN segment.missing_since IS NOT NULL THEN 'missing' END`;
/** No segment is longer (`footage_segments_length`), so one that reaches into a range begins no earlier before it. */
const overlaps = (from: string, to: string) =>
  `segment.start_at < ${to} AND segment.start_at > ${from} - interval '1 hour' AND segment.end_at > ${from}`;
const SEGMENT_COLUMNS = `
  segment.camera_id AS "cameraId", segment.start_at AS "startAt", segment.end_at AS "endAt", segment.number,
  segment.size_bytes AS "sizeBytes", segment.frames, segment.md5, segment.state, segment.node_id AS "nodeId", ${ABSENCE} AS absence, segment.gops,
  capture.capture_key AS "captureKey", capture.config_digest AS "configDigest", capture.init_bytes AS "initBytes"`;

/** Reads what footage there is. Times are whole milliseconds since the epoch, ranges half-open. */
@Injectable()
export class FootageIndexRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Segments of a camera that overlap a range, absent ones too, by start and capture; from behind `after` on, and no more than `limit`. */
  async findSegments(
    cameraId: string,
    range: Span,
    { after, limit }: { after?: SegmentPosition | null; limit?: number } = {},
  ): Promise<IndexedSegment[]> {
    const behind = `AND segment.start_at >= $4 AND (segment.start_at, capture.capture_key COLLATE "C") > ($4, $5::varchar)`;
    const rows = await this.dataSource.query<SegmentRow[]>(
      `SELECT ${SEGMENT_COLUMNS}
         FROM footage_segments segment JOIN footage_captures capture ON capture.id = segment.capture_id
        WHERE segment.camera_id = $1 AND ${overlaps('$2::timestamptz', '$3::timestamptz')} ${after ? behind : ''}
        ORDER BY segment.start_at, capture.capture_key COLLATE "C" LIMIT ${after ? '$6' : '$4'}`,
      [
        ...[cameraId, instant(range.startMs), instant(range.endMs)],
        ...(after ? [instant(after.startMs), after.captureKey] : []),
        limit ?? null,
      ],
    );
    return rows.map(toSegment);
  }

  /** One segment by its name in the log; null: there is no row. */
  async findByNumber(cameraId: string, captureKey: string, number: number): Promise<IndexedSegment | null> {
    const rows = await this.dataSource.query<SegmentRow[]>(
      `SELECT ${SEGMENT_COLUMNS}
         FROM footage_captures capture JOIN footage_segments segment ON segment.capture_id = capture.id
        WHERE capture.capture_key = $2 AND capture.camera_id = $1 AND segment.number = $3`,
      [cameraId, captureKey, number],
    );
    return rows[0] ? toSegment(rows[0]) : null;
  }

  /** Any segment of a capture that is in that state: each has its init segment. */
  async findAnyOf(cameraId: string, captureKey: string, state: SegmentState): Promise<IndexedSegment | null> {
    const rows = await this.dataSource.query<SegmentRow[]>(
      `SELECT ${SEGMENT_COLUMNS}
         FROM footage_captures capture JOIN footage_segments segment ON segment.capture_id = capture.id
        WHERE capture.capture_key = $2 AND capture.camera_id = $1 AND segment.state = $3
          AND segment.trashed_at IS NULL AND segment.missing_since IS NULL
        LIMIT 1`,
      [cameraId, captureKey, state],
    );
    return rows[0] ? toSegment(rows[0]) : null;
  }

  /**
   * The footage of a camera in a range and `MAX_SEAM_MS` around it, so that seams at its edges are seen: the two ends of each run are all that
   * leaves the database, however many segments lie between them. What makes a run is the rule of `showFootage`.
   */
  async findRuns(cameraId: string, range: Span): Promise<IndexedRun[]> {
    const rows = await this.dataSource.query<RunEdge[]>(RUNS, [
      cameraId,
      ...[range.startMs - MAX_SEAM_MS, range.endMs + MAX_SEAM_MS, range.startMs, range.endMs].map(instant),
    ]);
    return toRuns(rows);
  }

  /** What each stretch of time holds, in their order. */
  async findDays(cameraId: string, days: readonly Span[]): Promise<DaySum[]> {
    return this.dataSource.query<DaySum[]>(
      `SELECT footage.found IS NOT NULL AS "hasFootage", pin.found IS NOT NULL AS "isLocked"
         FROM unnest($2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS day (start_at, end_at, number)
         LEFT JOIN LATERAL (
           SELECT true AS found FROM footage_segments segment
            WHERE segment.camera_id = $1 AND ${overlaps('day.start_at', 'day.end_at')}
              AND segment.trashed_at IS NULL AND segment.missing_since IS NULL
            LIMIT 1) footage ON true
         LEFT JOIN LATERAL (
           SELECT true AS found FROM footage_pins pin
            WHERE pin.camera_id = $1 AND pin.start_at < day.end_at AND pin.end_at > day.start_at
              AND pin.reason IN ('lock', 'hold') AND (pin.until_at IS NULL OR pin.until_at > now())
            LIMIT 1) pin ON true
        ORDER BY day.number`,
      [cameraId, days.map(({ startMs }) => instant(startMs)), days.map(({ endMs }) => instant(endMs))],
    );
  }

  /** How many bytes fall in each stretch of time, in their order: of a segment that goes over an edge, by the share of its time. */
  async sumBytes(cameraId: string, days: readonly Span[]): Promise<number[]> {
    const rows = await this.dataSource.query<{ bytes: number }[]>(
      `SELECT coalesce(footage.bytes, 0)::float8 AS bytes
         FROM unnest($2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS day (start_at, end_at, number)
         CROSS JOIN LATERAL (
           SELECT sum(${shareOf('day.start_at', 'day.end_at')}) AS bytes FROM footage_segments segment
            WHERE segment.camera_id = $1 AND ${overlaps('day.start_at', 'day.end_at')}
              AND segment.trashed_at IS NULL AND segment.missing_since IS NULL) footage
        ORDER BY day.number`,
      [cameraId, days.map(({ startMs }) => instant(startMs)), days.map(({ endMs }) => instant(endMs))],
    );
    return rows.map(({ bytes }) => Math.round(bytes));
  }

  /** What was there once and is not any more, of a range. */
  async findRemovals(cameraId: string, range: Span): Promise<RemovedSpan[]> {
    return this.dataSource.query<RemovedSpan[]>(
      `SELECT ${millis('start_at')} AS "startMs", ${millis('end_at')} AS "endMs", cause FROM footage_removals
        WHERE camera_id = $1 AND start_at < $3 AND end_at > $2 ORDER BY start_at, cause`,
      [cameraId, instant(range.startMs), instant(range.endMs)],
    );
  }

  /** When footage of a range was wanted; a period that goes on ends with the range. */
  async findPeriods(cameraId: string, range: Span): Promise<Span[]> {
    return this.dataSource.query<Span[]>(
      `SELECT ${millis('start_at')} AS "startMs", ${millis('least(end_at, $3::timestamptz)')} AS "endMs" FROM footage_periods
        WHERE camera_id = $1 AND start_at < $3::timestamptz AND (end_at IS NULL OR end_at > $2) ORDER BY start_at`,
      [cameraId, instant(range.startMs), instant(range.endMs)],
    );
  }

  /** When the oldest footage of a camera begins; null: there is none. */
  async findOldest(cameraId: string): Promise<Date | null> {
    const rows = await this.dataSource.query<{ at: Date }[]>(
      `SELECT start_at AS at FROM footage_segments
        WHERE camera_id = $1 AND trashed_at IS NULL AND missing_since IS NULL ORDER BY start_at LIMIT 1`,
      [cameraId],
    );
    return rows[0]?.at ?? null;
  }
}

/** Of a segment's bytes, what falls between two instants. */
function shareOf(from: string, to: string): string {
  return `CASE WHEN segment.start_at >= ${from} AND segment.end_at <= ${to} THEN segment.size_bytes::float8
    ELSE segment.size_bytes * greatest(0, date_part('epoch', least(segment.end_at, ${to}) - greatest(segment.start_at, ${from}))
      / date_part('epoch', segment.end_at - segment.start_at)) END`;
}

function millis(column: string): string {
  return `round(date_part('epoch', ${column}) * 1000)`;
}

/**
 * $1 the camera, $2 and $3 what is read, $4 and $5 what bytes are counted in. A segment belongs to the run of the one before it if it is the next
 * of its capture, in the same state at the same place, and the hole between them is a seam.
 */
const RUNS = `
  WITH segments AS (
    SELECT segment.capture_id, segment.number, segment.start_at, segment.end_at, segment.state, segment.node_id, ${ABSENCE} AS absence,
           (segment.end_at - segment.start_at) / greatest(segment.frames, 1) AS step,
           ${shareOf('$4::timestamptz', '$5::timestamptz')} AS bytes
      FROM footage_segments segment
     WHERE segment.camera_id = $1 AND ${overlaps('$2::timestamptz', '$3::timestamptz')}
  ), joined AS (
    SELECT *, NOT coalesce(number = lag(number) OVER capture + 1
        AND (state, node_id, absence) IS NOT DISTINCT FROM (lag(state) OVER capture, lag(node_id) OVER capture, lag(absence) OVER capture)
        AND (start_at <= lag(end_at) OVER capture + interval '${CLOCK_STEP_MS + ROUNDING_MS} milliseconds'
          OR start_at <= lag(end_at) OVER capture + least(interval '${MAX_SEAM_MS} milliseconds',
            1.5 * greatest(step, lag(step) OVER capture) + interval '${ROUNDING_MS} milliseconds')), false) AS begins
      FROM segments WINDOW capture AS (PARTITION BY capture_id ORDER BY number)
  ), edges AS (
    SELECT *, coalesce(lead(begins) OVER capture, true) AS ends, sum(bytes) OVER capture AS total
      FROM joined WINDOW capture AS (PARTITION BY capture_id ORDER BY number)
  )
  SELECT capture.capture_key AS "captureKey", capture.config_digest AS "configDigest", capture.init_bytes AS "initBytes",
         edge.number, ${millis('edge.start_at')} AS "startMs", ${millis('edge.end_at')} AS "endMs",
         date_part('epoch', edge.step) * 1000 AS "stepMs", edge.state, edge.node_id AS "nodeId", edge.absence,
         edge.begins, edge.ends, edge.total AS "totalBytes", edge.bytes AS "ownBytes"
    FROM edges edge JOIN footage_captures capture ON capture.id = edge.capture_id
   WHERE edge.begins OR edge.ends
   ORDER BY edge.capture_id, edge.number`;

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
