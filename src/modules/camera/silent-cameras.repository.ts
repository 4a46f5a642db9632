import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** A camera that is wanted and gives nothing. */
export interface SilentCamera {
  cameraId: string;
  since: Date;
  /** What went wrong last since then, or null. */
  errorCode: string | null;
  errorMessage: string | null;
}

/** Cameras from which a recorder wants footage that does not come. */
@Injectable()
export class SilentCamerasRepository {
  /** Those that are disarmed or deleted are not meant to give any. An error from before is of another time. */
  async find(manager: EntityManager): Promise<SilentCamera[]> {
    return manager.query(
      `SELECT status.camera_id AS "cameraId", status.since,
              CASE WHEN status.last_error_at >= status.since THEN status.last_error_code END AS "errorCode",
              CASE WHEN status.last_error_at >= status.since THEN status.last_error_message END AS "errorMessage"
         FROM camera_status status JOIN cameras camera ON camera.id = status.camera_id
        WHERE status.state IN ('connecting', 'offline') AND camera.enabled AND camera.deleted_at IS NULL`,
    );
  }
}
