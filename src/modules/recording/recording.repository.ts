import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { WITH_NODE } from '../catalogue/index.js';
import { Playback } from '../../schema/playback.entity.js';
import { type EndReason, OPEN_SQL, OPEN_STATUSES } from '../../schema/playback-state.js';
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

/** Rows of the write side, but for the state, which has its own writer. */
@Injectable()
export class RecordingRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Recordings that are wanted or running, on whatever node, oldest first. */
  async findOpen(): Promise<Playback[]> {
    return this.dataSource.manager.find(Playback, {
      where: { recordingStatus: In([...OPEN_STATUSES]) },
      order: { createdAt: 'ASC', id: 'ASC' },
    });
  }

  /** Closes every open range whose dead-man limit has passed. */
  async closeOverdue(now: Date): Promise<void> {
    await this.dataSource.query(
      `UPDATE playbacks SET range_end_at = deadline_at, end_reason = 'max_duration'
        WHERE recording_status IN ${OPEN_SQL} AND range_end_at IS NULL AND deadline_at <= $1`,
      [now],
    );
  }

  /** Stops the recordings of cameras that are disarmed, also in the middle of a post-roll. */
  async closeDisarmed(now: Date): Promise<void> {
    await this.dataSource.query(
      `UPDATE playbacks p SET range_end_at = greatest(p.range_start_at, $1::timestamptz), end_reason = 'stopped'
         FROM cameras c
        WHERE c.id = p.camera_id AND NOT c.enabled AND p.recording_status IN ${OPEN_SQL}
          AND (p.range_end_at IS NULL OR p.range_end_at > $1)`,
      [now],
    );
  }

  /** Takes an open recording for this node, which owns its camera; false when it is not open any more. */
  async claim(playbackId: string, nodeId: string): Promise<boolean> {
    const rows: unknown[][] = await this.dataSource.query(
      `UPDATE playbacks SET node_id = $2, footage_nodes = ${WITH_NODE}
        WHERE id = $1 AND recording_status IN ${OPEN_SQL} RETURNING id`,
      [playbackId, nodeId],
    );
    return (rows[0]?.length ?? 0) > 0;
  }

  /** Gives the open recordings of a node to whoever takes them first. */
  async handOver(nodeId: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE playbacks SET node_id = NULL WHERE node_id = $1 AND recording_status IN ${OPEN_SQL}`,
      [nodeId],
    );
  }

  /** Ends every open recording of a node now, for a reason of the node's own. */
  async closeAll(nodeId: string, reason: EndReason, at: Date): Promise<void> {
    await this.dataSource.query(
      `UPDATE playbacks SET range_end_at = greatest(range_start_at, $3::timestamptz), end_reason = $2
        WHERE node_id = $1 AND recording_status IN ${OPEN_SQL} AND (range_end_at IS NULL OR range_end_at > $3)`,
      [nodeId, reason, at],
    );
  }

  async saveProgress(rows: readonly ProgressRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.dataSource.query(
      `UPDATE playbacks p SET progress_bytes = v.bytes, progress_duration_ms = v.duration_ms, progress_frames = v.frames,
              progress_fps = v.fps, progress_bitrate_kbps = v.bitrate_kbps, upload_safe_bytes = v.safe,
              upload_pending_bytes = v.pending, upload_at_risk_bytes = v.at_risk
         FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::real[], $6::real[], $7::bigint[], $8::bigint[], $9::bigint[])
              AS v (id, bytes, duration_ms, frames, fps, bitrate_kbps, safe, pending, at_risk)
        WHERE p.id = v.id`,
      [
        rows.map(({ playbackId }) => playbackId),
        rows.map(({ bytes }) => Math.round(bytes)),
        rows.map(({ durationMs }) => Math.round(durationMs)),
        rows.map(({ frames }) => frames),
        rows.map(({ fps }) => fps),
        rows.map(({ bitrateKbps }) => bitrateKbps),
        rows.map(({ upload }) => upload?.safeBytes ?? null),
        rows.map(({ upload }) => upload?.pendingBytes ?? null),
        rows.map(({ upload }) => upload?.atRiskBytes ?? null),
      ],
    );
  }
}
