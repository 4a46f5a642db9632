import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Playback } from '../../schema/playback.entity.js';
import { OPEN_SQL } from '../../schema/playback-state.js';
import { mainStreamLockSql } from '../../schema/stream-id.js';
import { freeLockSql } from '../database/index.js';

/** What a recorder reads of a recording that is open. */
export type OpenRecording = Pick<
  Playback,
  | 'id'
  | 'cameraId'
  | 'kind'
  | 'recordingStatus'
  | 'createdAt'
  | 'rangeStartAt'
  | 'rangeEndAt'
  | 'deadlineAt'
  | 'nodeId'
  | 'footageNodes'
>;

export interface DueRecording extends OpenRecording {
  /** Another recorder that may have its camera, by what the rows say; null: none, or the camera is ours. */
  foreignNodeId: string | null;
}

/** Which of the open recordings concern a recorder: its own, those that nobody has taken, and those of these cameras. */
export interface DueScope {
  nodeId: string;
  /** Cameras that it owns. */
  ownedIds: readonly string[];
  /** Cameras whose recordings name other recorders, and which nobody owns. */
  strayIds: readonly string[];
}

/** Three look-ups by index, whatever the planner believes of an OR. Parameters 1 to 3 are the scope. An export is open and nothing to record. */
const DUE_IDS = `SELECT id FROM playbacks WHERE recording_status IN ${OPEN_SQL} AND node_id = $1
  UNION ALL SELECT id FROM playbacks WHERE recording_status IN ${OPEN_SQL} AND node_id IS NULL AND kind <> 'export'
  UNION ALL SELECT id FROM playbacks WHERE recording_status IN ${OPEN_SQL} AND camera_id = ANY ($2::uuid[] || $3::uuid[]) AND kind <> 'export'`;

/** The recorder that another open recording of the camera names, or that was last seen to capture the camera. */
const FOREIGN_NODE = `CASE WHEN p.camera_id = ANY ($2) THEN NULL ELSE coalesce(
  (SELECT other.node_id FROM playbacks other
    WHERE other.camera_id = p.camera_id AND other.recording_status IN ${OPEN_SQL} AND other.node_id <> $1 LIMIT 1),
  (SELECT status.node_id FROM camera_status status WHERE status.camera_id = p.camera_id AND status.node_id <> $1)) END`;

/** Open recordings as far as they concern one recorder: what others are recording is not read. */
@Injectable()
export class DueRecordingsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The oldest first. */
  async find(scope: DueScope): Promise<DueRecording[]> {
    return this.dataSource.query(
      `SELECT p.id, p.camera_id AS "cameraId", p.kind, p.recording_status AS "recordingStatus", p.created_at AS "createdAt",
              p.range_start_at AS "rangeStartAt", p.range_end_at AS "rangeEndAt", p.deadline_at AS "deadlineAt",
              p.node_id AS "nodeId", p.footage_nodes AS "footageNodes", ${FOREIGN_NODE} AS "foreignNodeId"
         FROM playbacks p WHERE p.id IN (${DUE_IDS}) ORDER BY p.created_at, p.id`,
      parametersOf(scope),
    );
  }

  /** Cameras whose recordings name other recorders, and which nobody owns now: their recorder is gone, or has let them go. */
  async findStrays(nodeId: string): Promise<string[]> {
    const rows = await this.dataSource.query<{ cameraId: string }[]>(
      `SELECT DISTINCT camera_id AS "cameraId" FROM playbacks
        WHERE recording_status IN ${OPEN_SQL} AND node_id <> $1 AND ${freeLockSql(mainStreamLockSql('camera_id'))}`,
      [nodeId],
    );
    return rows.map(({ cameraId }) => cameraId);
  }

  /**
   * Closes every open range in the scope whose dead-man limit has passed. Each open recording is in the scope of somebody: of the recorder
   * that owns its camera, or, where nobody does, of all.
   */
  async closeOverdue(scope: DueScope, now: Date): Promise<void> {
    await this.dataSource.query(
      `UPDATE playbacks SET range_end_at = deadline_at, end_reason = 'max_duration'
        WHERE id IN (${DUE_IDS}) AND recording_status IN ${OPEN_SQL} AND range_end_at IS NULL AND deadline_at <= $4`,
      [...parametersOf(scope), now],
    );
  }

  /** Stops the recordings in the scope whose cameras are disarmed, also in the middle of a post-roll. */
  async closeDisarmed(scope: DueScope, now: Date): Promise<void> {
    await this.dataSource.query(
      `UPDATE playbacks p SET range_end_at = greatest(p.range_start_at, $4::timestamptz), end_reason = 'stopped'
         FROM cameras c
        WHERE p.id IN (${DUE_IDS}) AND c.id = p.camera_id AND NOT c.enabled AND p.recording_status IN ${OPEN_SQL}
          AND (p.range_end_at IS NULL OR p.range_end_at > $4)`,
      [...parametersOf(scope), now],
    );
  }
}

function parametersOf({ nodeId, ownedIds, strayIds }: DueScope): unknown[] {
  return [nodeId, ownedIds, strayIds];
}
