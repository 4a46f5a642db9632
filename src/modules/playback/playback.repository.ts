import { Injectable } from '@nestjs/common';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import type { PagePosition } from '../../common/keyset.js';
import type { PlaybackKind } from '../../schema/playback-state.js';
import { RECORDING_STATUSES, type RecordingStatus } from '../../schema/playback-state.js';
import { Playback } from '../../schema/playback.entity.js';
import { PlaybackProgress } from '../../schema/playback-progress.entity.js';

/** With its event, its camera and its progress; null: nothing was told of that yet. */
export type ShownPlayback = Playback & { progress: PlaybackProgress | null };

export interface PlaybackFilter {
  eventId?: string | undefined;
  cameraId?: string | undefined;
  kind?: PlaybackKind | undefined;
  /** Any of these; empty or undefined: any at all. */
  statuses?: RecordingStatus[] | undefined;
  /** `createdAt` in [from, to). */
  from?: Date | undefined;
  to?: Date | undefined;
}

export interface PageRequest {
  limit: number;
  /** Only what stands behind this in the list. */
  after?: PagePosition | undefined;
}

interface Condition {
  sql: string;
  parameters: Record<string, unknown>;
}

/** Opened by that event, or joined by it: two look-ups by index, whatever the planner believes of an OR. */
const OF_EVENT = `id IN (SELECT opened.id FROM playbacks opened WHERE opened.event_id = :eventId
  UNION SELECT event.playback_id FROM events event WHERE event.id = :eventId)`;

const NEWEST_FIRST = 'ORDER BY created_at DESC, id DESC';

/** Reads playbacks. */
@Injectable()
export class PlaybackRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The newest first; a handful of index entries is read for it, however many rows there are. */
  async findPage(filter: PlaybackFilter, page: PageRequest): Promise<ShownPlayback[]> {
    const { sql, parameters } = pageQuery(filter, page);
    const shown = await this.withAll()
      .where(`playback.id IN (${sql})`, parameters)
      .orderBy({ 'playback.createdAt': 'DESC', 'playback.id': 'DESC' })
      .getMany();
    return shown as ShownPlayback[];
  }

  /** Exact; reads the index entries of all that match (about 50 ms for a million). */
  async count(filter: PlaybackFilter): Promise<number> {
    const conditions = conditionsOf(filter);
    const statuses = statusesOf(filter);
    if (statuses) conditions.push({ sql: 'recording_status IN (:...statuses)', parameters: { statuses } });
    const { sql, parameters } = allOf(conditions);
    const row = await this.dataSource
      .createQueryBuilder()
      .select('count(*)::int', 'total')
      .from('playbacks', 'playbacks')
      .where(sql, parameters)
      .getRawOne<{ total: number }>();
    return row?.total ?? 0;
  }

  async findById(id: string): Promise<ShownPlayback | null> {
    const shown = await this.withAll().where('playback.id = :id', { id }).getOne();
    return shown as ShownPlayback | null;
  }

  /** A deleted camera still gives its name; its secrets are never read here. */
  private withAll(): SelectQueryBuilder<Playback> {
    return this.dataSource
      .getRepository(Playback)
      .createQueryBuilder('playback')
      .withDeleted()
      .leftJoinAndSelect('playback.event', 'event')
      .leftJoinAndMapOne('playback.progress', PlaybackProgress, 'progress', 'progress.playbackId = playback.id')
      .leftJoin('playback.camera', 'camera')
      .addSelect(['camera.id', 'camera.name']);
  }
}

/**
 * The ids of one page. Each status is read by its own index scan and the scans are merged: with `recording_status IN (…)` PostgreSQL
 * would sort all matches, or walk the whole list to find a few rare ones.
 */
function pageQuery(filter: PlaybackFilter, { limit, after }: PageRequest): Condition {
  const shared = conditionsOf(filter);
  if (after)
    shared.push({
      sql: '(created_at, id) < (:afterAt, :afterId)',
      parameters: { afterAt: after.at, afterId: after.id },
    });
  const scans = (statusesOf(filter) ?? [null]).map((status, index) => {
    const own = { sql: `recording_status = :status${index}`, parameters: { [`status${index}`]: status } };
    return allOf(status === null ? shared : [...shared, own]);
  });
  const union = scans.map(
    ({ sql }) => `(SELECT id, created_at FROM playbacks WHERE ${sql} ${NEWEST_FIRST} LIMIT :limit)`,
  );
  return {
    sql: `SELECT id FROM (${union.join(' UNION ALL ')}) page ${NEWEST_FIRST} LIMIT :limit`,
    parameters: Object.assign({ limit }, ...scans.map(({ parameters }) => parameters)) as Record<string, unknown>,
  };
}

function conditionsOf({ eventId, cameraId, kind, from, to }: PlaybackFilter): Condition[] {
  const conditions: Condition[] = [];
  if (eventId) conditions.push({ sql: OF_EVENT, parameters: { eventId } });
  if (cameraId) conditions.push({ sql: 'camera_id = :cameraId', parameters: { cameraId } });
  if (kind) conditions.push({ sql: 'kind = :kind', parameters: { kind } });
  if (from) conditions.push({ sql: 'created_at >= :from', parameters: { from } });
  if (to) conditions.push({ sql: 'created_at < :to', parameters: { to } });
  return conditions;
}

/** Undefined when every status is wanted. */
function statusesOf({ statuses = [] }: PlaybackFilter): RecordingStatus[] | undefined {
  const wanted = [...new Set(statuses)];
  return wanted.length === 0 || wanted.length === RECORDING_STATUSES.length ? undefined : wanted;
}

function allOf(conditions: Condition[]): Condition {
  return {
    sql: conditions.map(({ sql }) => sql).join(' AND ') || 'true',
    parameters: Object.assign({}, ...conditions.map(({ parameters }) => parameters)) as Record<string, unknown>,
  };
}
