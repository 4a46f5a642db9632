import type { EntityManager } from 'typeorm';

/** Begins or ends the period in which all footage of a camera is wanted, after its row has changed. */
export async function keepFootagePeriod(manager: EntityManager, cameraId: string): Promise<void> {
  await manager.query(
    `UPDATE footage_periods SET end_at = greatest(start_at, now())
       FROM cameras camera
      WHERE footage_periods.camera_id = $1 AND end_at IS NULL AND camera.id = $1
        AND NOT (camera.continuous AND camera.enabled AND camera.deleted_at IS NULL)`,
    [cameraId],
  );
  await manager.query(
    `INSERT INTO footage_periods (camera_id, start_at)
     SELECT id, now() FROM cameras WHERE id = $1 AND continuous AND enabled AND deleted_at IS NULL
         ON CONFLICT (camera_id) WHERE end_at IS NULL DO NOTHING`,
    [cameraId],
  );
}
