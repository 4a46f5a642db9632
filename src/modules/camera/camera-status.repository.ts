import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { type CameraState, CameraStatus } from '../../schema/camera-status.entity.js';

/** What a recorder saw of a camera. */
export interface SeenStatus {
  state: CameraState;
  since: Date;
  /** Null: none that this recorder knows of; what the row says of an earlier one stays. */
  lastError: { code: string; message: string; at: Date } | null;
}

/** The table of what cameras were last seen doing. */
@Injectable()
export class CameraStatusRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** By camera; cameras that were never captured are not in it. */
  async findByCameras(cameraIds: readonly string[]): Promise<Map<string, CameraStatus>> {
    const rows = await this.dataSource.getRepository(CameraStatus).findBy({ cameraId: In(cameraIds) });
    return new Map(rows.map((row) => [row.cameraId, row]));
  }

  /**
   * Overwrites what is known of the camera. That nobody wants it any more is taken only from the recorder that captured it: a recorder that
   * lost the camera to another one may say so late. Does nothing for a camera whose row is gone.
   */
  async save(cameraId: string, nodeId: string, { state, since, lastError }: SeenStatus): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO camera_status AS known (camera_id, node_id, state, since, last_error_code, last_error_message, last_error_at)
       SELECT id, CASE WHEN $3::varchar <> 'idle' THEN $2::uuid END, $3::varchar, $4::timestamptz, $5::varchar, $6::text, $7::timestamptz
         FROM cameras WHERE id = $1
       ON CONFLICT (camera_id) DO UPDATE SET node_id = EXCLUDED.node_id, state = EXCLUDED.state, since = EXCLUDED.since,
         last_error_code = CASE WHEN EXCLUDED.last_error_at IS NULL THEN known.last_error_code ELSE EXCLUDED.last_error_code END,
         last_error_message = CASE WHEN EXCLUDED.last_error_at IS NULL THEN known.last_error_message ELSE EXCLUDED.last_error_message END,
         last_error_at = coalesce(EXCLUDED.last_error_at, known.last_error_at)
       WHERE EXCLUDED.state <> 'idle' OR known.node_id IS NULL OR known.node_id = $2::uuid`,
      [cameraId, nodeId, state, since, lastError?.code ?? null, lastError?.message ?? null, lastError?.at ?? null],
    );
  }

  /** A recorder that has just started, or has died, captures nothing, whatever its rows say. */
  async resetForNode(nodeId: string, at: Date): Promise<void> {
    await this.dataSource.getRepository(CameraStatus).update({ nodeId }, { nodeId: null, state: 'idle', since: at });
  }
}
