import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { PagePosition } from '../../common/keyset.js';
import { Incident, type IncidentKind } from '../../schema/incident.entity.js';
import { type Condition, subjectWord } from './domain/condition.js';

/** One look for one kind of incident. */
export interface Look {
  kind: IncidentKind;
  /** The recorder that alone can look, or null. */
  nodeId: string | null;
  now: Date;
  /** What holds since then, or for longer, is an incident. */
  heldSince: Date;
}

/** An incident that began or ended by a look. */
export interface IncidentChange {
  change: 'began' | 'ended';
  kind: IncidentKind;
  cameraId: string | null;
  playbackId: string | null;
  nodeId: string | null;
  detail: string;
}

export interface IncidentFilter {
  /** True: those that go on; false: those that have ended; undefined: both. */
  open?: boolean | undefined;
  kind?: IncidentKind | undefined;
  cameraId?: string | undefined;
}

const CHANGED = 'kind, camera_id AS "cameraId", playback_id AS "playbackId", node_id AS "nodeId", detail';

/** What was found begins incidents and goes on in those that are open; open ones that were not found have ended. */
const SYNC = `
  WITH found AS (
    SELECT * FROM unnest($5::text[], $6::uuid[], $7::uuid[], $8::timestamptz[], $9::text[])
               AS f (subject, camera_id, playback_id, since, detail)
  ), ended AS (
    UPDATE incidents SET ended_at = greatest(began_at, $3::timestamptz)
     WHERE kind = $1::varchar AND node_id IS NOT DISTINCT FROM $2::uuid AND ended_at IS NULL AND subject <> ALL ($5::text[])
    RETURNING ${CHANGED}
  ), seen AS (
    UPDATE incidents i SET seen_at = $3::timestamptz, detail = found.detail FROM found
     WHERE i.kind = $1::varchar AND i.subject = found.subject AND i.ended_at IS NULL
  ), began AS (
    INSERT INTO incidents (kind, subject, camera_id, playback_id, node_id, detail, began_at, opened_at, seen_at)
    SELECT $1::varchar, subject, camera_id, playback_id, $2::uuid, detail, since, $3::timestamptz, $3::timestamptz
      FROM found WHERE since <= $4::timestamptz
    ON CONFLICT (kind, subject) WHERE ended_at IS NULL DO NOTHING
    RETURNING ${CHANGED}
  )
  SELECT 'ended' AS change, * FROM ended UNION ALL SELECT 'began', * FROM began`;

/** The table of incidents. */
@Injectable()
export class IncidentRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Does `work` in a transaction of its own. @returns null when another process is at the same kind just now */
  async exclusively<T>(kind: IncidentKind, work: (manager: EntityManager) => Promise<T>): Promise<T | null> {
    return this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<[{ isOurs: boolean }]>(
        'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS "isOurs"',
        [`incidents ${kind}`],
      );
      return row.isOurs ? work(manager) : null;
    });
  }

  /** Makes the open incidents of one kind, of that node or of nobody's, what was found. */
  async sync(
    manager: EntityManager,
    { kind, nodeId, now, heldSince }: Look,
    found: readonly Condition[],
  ): Promise<IncidentChange[]> {
    return manager.query(SYNC, [
      ...[kind, nodeId, now, heldSince],
      found.map(({ subject }) => subjectWord(subject, nodeId)),
      found.map(({ subject }) => subject.cameraId ?? null),
      found.map(({ subject }) => subject.playbackId ?? null),
      found.map(({ since }) => since.toISOString()),
      found.map(({ detail }) => detail),
    ]);
  }

  /** The node is there and does not know whether its incidents of that kind go on. */
  async keep(kind: IncidentKind, nodeId: string, now: Date): Promise<void> {
    await this.dataSource.query(
      'UPDATE incidents SET seen_at = $3 WHERE kind = $1 AND node_id = $2 AND ended_at IS NULL',
      [kind, nodeId, now],
    );
  }

  /** Ends what only one node can see and that it last looked at `before` or earlier; its end is unknown, but not before that. */
  async endAbandoned(before: Date): Promise<IncidentChange[]> {
    return this.dataSource.query(
      `WITH ended AS (
         UPDATE incidents SET ended_at = seen_at WHERE ended_at IS NULL AND node_id IS NOT NULL AND seen_at <= $1
         RETURNING ${CHANGED})
       SELECT 'ended' AS change, * FROM ended`,
      [before],
    );
  }

  /** Kinds of which no incident is open are not in it. */
  async countOpen(): Promise<Map<IncidentKind, number>> {
    const rows = await this.dataSource.query<{ kind: IncidentKind; count: number }[]>(
      'SELECT kind, count(*)::int AS count FROM incidents WHERE ended_at IS NULL GROUP BY kind',
    );
    return new Map(rows.map(({ kind, count }) => [kind, count]));
  }

  /** By when they began, the newest first. */
  async findPage(
    { open, kind, cameraId }: IncidentFilter,
    limit: number,
    after: PagePosition | null,
  ): Promise<Incident[]> {
    const query = this.dataSource.getRepository(Incident).createQueryBuilder('incident').where('true');
    if (open !== undefined) query.andWhere(`incident.endedAt IS ${open ? '' : 'NOT'} NULL`);
    if (kind) query.andWhere('incident.kind = :kind', { kind });
    if (cameraId) query.andWhere('incident.cameraId = :cameraId', { cameraId });
    if (after) query.andWhere('(incident.beganAt, incident.id) < (:at, :id)', after);
    return query.orderBy({ 'incident.beganAt': 'DESC', 'incident.id': 'DESC' }).limit(limit).getMany();
  }
}
