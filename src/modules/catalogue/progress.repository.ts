import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { ExportProgress } from '../../schema/export-progress.js';
import type { UploadProgress } from '../../schema/upload-progress.js';

export interface ProgressRow {
  playbackId: string;
  bytes: number;
  durationMs: number;
  frames: number;
  fps: number | null;
  bitrateKbps: number | null;
  upload: UploadProgress | null;
}

const VALUES = `unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::real[], $6::real[], $7::bigint[], $8::bigint[], $9::bigint[])
  AS v (id, bytes, duration_ms, frames, fps, bitrate_kbps, safe, pending, at_risk)`;

/** How far playbacks are: the rows of `playback_progress`. */
@Injectable()
export class ProgressRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Rows of playbacks that are gone are left out. */
  async save(rows: readonly ProgressRow[]): Promise<void> {
    if (rows.length === 0) return;
    // An INSERT that finds its row would lock it first, which costs a record in the log for each.
    const [updated] = await this.dataSource.query<[{ playback_id: string }[], number]>(
      `UPDATE playback_progress p SET bytes = v.bytes, duration_ms = v.duration_ms, frames = v.frames, fps = v.fps,
              bitrate_kbps = v.bitrate_kbps, upload_safe_bytes = v.safe, upload_pending_bytes = v.pending,
              upload_at_risk_bytes = v.at_risk
         FROM ${VALUES} WHERE p.playback_id = v.id RETURNING p.playback_id`,
      columnsOf(rows),
    );
    const known = new Set(updated.map(({ playback_id: id }) => id));
    await this.insert(rows.filter(({ playbackId }) => !known.has(playbackId)));
  }

  /** What is known of the footage itself stays. */
  async saveUpload(manager: EntityManager, playbackId: string, progress: UploadProgress): Promise<void> {
    const { safeBytes, pendingBytes, atRiskBytes } = progress;
    await manager.query(
      `INSERT INTO playback_progress (playback_id, upload_safe_bytes, upload_pending_bytes, upload_at_risk_bytes)
       VALUES ($1, $2, $3, $4)
       ON CONFLICT (playback_id) DO UPDATE SET upload_safe_bytes = excluded.upload_safe_bytes,
         upload_pending_bytes = excluded.upload_pending_bytes, upload_at_risk_bytes = excluded.upload_at_risk_bytes`,
      [playbackId, safeBytes, pendingBytes, atRiskBytes],
    );
  }

  /** @returns false when the playback is gone */
  async saveExport(playbackId: string, { phase, doneBytes, totalBytes }: ExportProgress): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      `INSERT INTO playback_progress (playback_id, export_phase, export_done_bytes, export_total_bytes)
       SELECT id, $2::varchar, $3::bigint, $4::bigint FROM playbacks WHERE id = $1 FOR KEY SHARE
       ON CONFLICT (playback_id) DO UPDATE SET export_phase = excluded.export_phase,
         export_done_bytes = excluded.export_done_bytes, export_total_bytes = excluded.export_total_bytes
       RETURNING playback_id`,
      [playbackId, phase, doneBytes, totalBytes],
    );
    return rows.length > 0;
  }

  /** A part may have been sent since they were found missing: what is newer in the row stays. */
  private async insert(rows: readonly ProgressRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.dataSource.query(
      `INSERT INTO playback_progress (playback_id, bytes, duration_ms, frames, fps, bitrate_kbps,
                                      upload_safe_bytes, upload_pending_bytes, upload_at_risk_bytes)
       SELECT v.* FROM ${VALUES} JOIN playbacks USING (id) ON CONFLICT (playback_id) DO NOTHING`,
      columnsOf(rows),
    );
  }
}

function columnsOf(rows: readonly ProgressRow[]): unknown[] {
  return [
    rows.map(({ playbackId }) => playbackId),
    rows.map(({ bytes }) => Math.round(bytes)),
    rows.map(({ durationMs }) => Math.round(durationMs)),
    rows.map(({ frames }) => frames),
    rows.map(({ fps }) => fps),
    rows.map(({ bitrateKbps }) => bitrateKbps),
    rows.map(({ upload }) => upload?.safeBytes ?? null),
    rows.map(({ upload }) => upload?.pendingBytes ?? null),
    rows.map(({ upload }) => upload?.atRiskBytes ?? null),
  ];
}
