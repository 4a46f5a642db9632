import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Span } from '../../schema/ledger.js';

/** A viewer's claim on what a playlist names. */
export interface ViewerPin {
  /** The same for every request of one viewer and camera. */
  id: string;
  cameraId: string;
  range: Span;
  nowMs: number;
  untilMs: number;
}

/** What the timeline needs of tables that are not the index of footage. */
@Injectable()
export class TimelineRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** A deleted camera keeps its footage until that is deleted. */
  async cameraExists(id: string): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>('SELECT 1 FROM cameras WHERE id = $1', [id]);
    return rows.length > 0;
  }

  /** The recorder that captures a camera now; null: none does. */
  async findRecorder(cameraId: string): Promise<string | null> {
    const rows = await this.dataSource.query<{ nodeId: string | null }[]>(
      'SELECT node_id AS "nodeId" FROM camera_status WHERE camera_id = $1',
      [cameraId],
    );
    return rows[0]?.nodeId ?? null;
  }

  /** Keeps what a viewer's playlist names, until then: in the place of what the viewer's earlier one named. Those that nobody renewed go. */
  async pin({ id, cameraId, range, nowMs, untilMs }: ViewerPin): Promise<void> {
    const [startAt, endAt, untilAt] = [range.startMs, range.endMs, untilMs].map((ms) => new Date(ms));
    await this.dataSource.query(
      `INSERT INTO footage_pins (id, camera_id, start_at, end_at, reason, until_at) VALUES ($1, $2, $3, $4, 'viewer', $5)
           ON CONFLICT (id) DO UPDATE SET start_at = EXCLUDED.start_at, end_at = EXCLUDED.end_at, until_at = EXCLUDED.until_at`,
      [id, cameraId, startAt, endAt, untilAt],
    );
    await this.dataSource.query(
      `DELETE FROM footage_pins WHERE camera_id = $1 AND reason = 'viewer' AND until_at < $2`,
      [cameraId, new Date(nowMs)],
    );
  }
}
