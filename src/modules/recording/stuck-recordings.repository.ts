import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** A recording whose row has been in one state since then, though it should not be. */
export interface StuckRecording {
  playbackId: string;
  cameraId: string;
  /** The recorder that has taken it, or null. */
  nodeId: string | null;
  since: Date;
}

const STUCK = 'id AS "playbackId", camera_id AS "cameraId", node_id AS "nodeId"';

/** Recordings that do not go on, by their rows: few by an index, however many playbacks there are. */
@Injectable()
export class StuckRecordingsRepository {
  /** Those without footage, since they are wanted: a range may begin long before its trigger. */
  async findNotStarted(manager: EntityManager): Promise<StuckRecording[]> {
    return manager.query(
      `SELECT ${STUCK}, greatest(created_at, range_start_at) AS since FROM playbacks
        WHERE recording_status = 'PENDING' AND kind <> 'export'`,
    );
  }

  /** Those that go on behind their end, or behind their dead-man limit where nobody has ended them. */
  async findOverdue(manager: EntityManager, now: Date): Promise<StuckRecording[]> {
    return manager.query(
      `SELECT ${STUCK}, coalesce(range_end_at, deadline_at) AS since FROM playbacks
        WHERE recording_status = 'RECORDING' AND coalesce(range_end_at, deadline_at) <= $1`,
      [now],
    );
  }
}
