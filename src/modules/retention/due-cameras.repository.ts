import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** A camera is looked at this often: as much as it records meanwhile is kept longer than it should be. */
const EVERY_SEC = 60;

/** Whose turn it is to be looked at for what may go, by the clock of the database: every process has the same. */
@Injectable()
export class DueCamerasRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * The one that has waited longest, if it has waited for a minute; nobody else gets it for the next one.
   * @returns null: there is none
   */
  async claim(): Promise<string | null> {
    const [rows] = await this.dataSource.query<[{ id: string }[], number]>(
      // A look in the future was noted before the clock was set back, or this very moment by somebody who began later.
      `UPDATE retention_state SET checked_at = now()
        WHERE camera_id = (SELECT camera_id FROM retention_state
                            WHERE checked_at <= now() - $1 * interval '1 second' OR checked_at > now() + $1 * interval '1 second'
                            ORDER BY checked_at LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING camera_id AS id`,
      [EVERY_SEC],
    );
    return rows[0]?.id ?? (await this.claimNew());
  }

  /** A camera that was never looked at. */
  private async claimNew(): Promise<string | null> {
    const rows = await this.dataSource.query<{ id: string }[]>(
      `INSERT INTO retention_state (camera_id, checked_at)
       SELECT usage.camera_id, now() FROM storage_usage usage JOIN cameras camera ON camera.id = usage.camera_id
        WHERE NOT EXISTS (SELECT FROM retention_state state WHERE state.camera_id = usage.camera_id)
        ORDER BY usage.camera_id LIMIT 1
           ON CONFLICT DO NOTHING RETURNING camera_id AS id`,
    );
    return rows[0]?.id ?? null;
  }
}
