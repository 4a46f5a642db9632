import { Injectable } from '@nestjs/common';
import {
  ArrayContains,
  DataSource,
  type EntityManager,
  In,
  IsNull,
  LessThanOrEqual,
  MoreThanOrEqual,
  Not,
} from 'typeorm';
import { Playback } from '../../schema/playback.entity.js';
import type { CausedSpan, Span } from '../../schema/ledger.js';
import type { EndReason } from '../../schema/playback-state.js';
import type { UploadProgress } from '../../schema/upload-progress.js';
import { Interruption } from '../../schema/interruption.entity.js';
import { RecorderNode } from '../../schema/recorder-node.entity.js';

/** A range whose footage must stay on this node; its end is null while it is open. */
export interface UnsafeRange {
  playbackId: string;
  cameraId: string;
  startMs: number;
  endMs: number | null;
}

export interface WarmCamera {
  cameraId: string;
  preRollSec: number;
  /** Changes with whatever decides which stream is captured. */
  source: string;
}

/** A recording that waits to be finalised by another recorder. */
export interface ProcessingElsewhere {
  playbackId: string;
  nodeId: string;
  rangeEndAt: Date;
  /** Some of it is in the store. */
  isPartlySafe: boolean;
}

export interface TakenProcessing {
  playbackId: string;
  fromNodeId: string;
  nodeId: string;
}

const WITH_NODE = `CASE WHEN $2::uuid = ANY (footage_nodes) THEN footage_nodes ELSE footage_nodes || $2::uuid END`;

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
      where: { recordingStatus: In(['PENDING', 'RECORDING'] as const) },
      order: { createdAt: 'ASC', id: 'ASC' },
    });
  }

  /** Cameras whose capture always runs. */
  async findWarmCameras(): Promise<WarmCamera[]> {
    return this.dataSource.query(
      `SELECT id AS "cameraId", pre_roll_sec AS "preRollSec",
              md5(row(onvif_host, onvif_port, onvif_username, onvif_password_sealed, onvif_profile_token,
                      rtsp_url, rtsp_username, rtsp_password_sealed, record_audio)::text) AS source
         FROM cameras WHERE pre_roll_sec > 0 AND enabled AND deleted_at IS NULL`,
    );
  }

  async findProcessing(nodeId: string): Promise<Playback[]> {
    return this.dataSource.manager.findBy(Playback, { recordingStatus: 'PROCESSING', nodeId });
  }

  async findProcessingElsewhere(nodeId: string): Promise<ProcessingElsewhere[]> {
    return this.dataSource.query(
      `SELECT id AS "playbackId", node_id AS "nodeId", range_end_at AS "rangeEndAt",
              EXISTS (SELECT FROM upload_parts part WHERE part.playback_id = playback.id) AS "isPartlySafe"
         FROM playbacks playback WHERE recording_status = 'PROCESSING' AND node_id <> $1`,
      [nodeId],
    );
  }

  async findRecorders(nodeIds: readonly string[]): Promise<RecorderNode[]> {
    return nodeIds.length === 0 ? [] : this.dataSource.manager.findBy(RecorderNode, { id: In([...nodeIds]) });
  }

  /** Locks the row until the transaction of `manager` ends. */
  async findLocked(manager: EntityManager, id: string): Promise<Playback | null> {
    return manager.findOne(Playback, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Locks the row, if it is there. @returns whether it waits to be finalised by this node */
  async isOursToFinalise(manager: EntityManager, id: string, nodeId: string): Promise<boolean> {
    const row = await this.findLocked(manager, id);
    return row?.recordingStatus === 'PROCESSING' && row.nodeId === nodeId;
  }

  async findById(id: string): Promise<Playback | null> {
    return this.dataSource.manager.findOneBy(Playback, { id });
  }

  /** Closes every open range whose dead-man limit has passed. */
  async closeOverdue(now: Date): Promise<void> {
    await this.dataSource.query(
      `UPDATE playbacks SET range_end_at = deadline_at, end_reason = 'max_duration'
        WHERE recording_status IN ('PENDING', 'RECORDING') AND range_end_at IS NULL AND deadline_at <= $1`,
      [now],
    );
  }

  /** Stops the recordings of cameras that are disarmed, also in the middle of a post-roll. */
  async closeDisarmed(now: Date): Promise<void> {
    await this.dataSource.query(
      `UPDATE playbacks p SET range_end_at = greatest(p.range_start_at, $1::timestamptz), end_reason = 'stopped'
         FROM cameras c
        WHERE c.id = p.camera_id AND NOT c.enabled AND p.recording_status IN ('PENDING', 'RECORDING')
          AND (p.range_end_at IS NULL OR p.range_end_at > $1)`,
      [now],
    );
  }

  /** Takes an open recording for this node, which owns its camera; false when it is not open any more. */
  async claim(playbackId: string, nodeId: string): Promise<boolean> {
    const rows: unknown[][] = await this.dataSource.query(
      `UPDATE playbacks SET node_id = $2, footage_nodes = ${WITH_NODE}
        WHERE id = $1 AND recording_status IN ('PENDING', 'RECORDING') RETURNING id`,
      [playbackId, nodeId],
    );
    return (rows[0]?.length ?? 0) > 0;
  }

  /** Gives the open recordings of a node to whoever takes them first. */
  async handOver(nodeId: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE playbacks SET node_id = NULL WHERE node_id = $1 AND recording_status IN ('PENDING', 'RECORDING')`,
      [nodeId],
    );
  }

  /** Ends every open recording of a node now, for a reason of the node's own. */
  async closeAll(nodeId: string, reason: EndReason, at: Date): Promise<void> {
    await this.dataSource.query(
      `UPDATE playbacks SET range_end_at = greatest(range_start_at, $3::timestamptz), end_reason = $2
        WHERE node_id = $1 AND recording_status IN ('PENDING', 'RECORDING') AND (range_end_at IS NULL OR range_end_at > $3)`,
      [nodeId, reason, at],
    );
  }

  /** Takes a recording that waits to be finalised from a node that is gone; false when somebody else was first. */
  async takeProcessing(manager: EntityManager, { playbackId, fromNodeId, nodeId }: TakenProcessing): Promise<boolean> {
    const rows: unknown[][] = await manager.query(
      `UPDATE playbacks SET node_id = $2, footage_nodes = ${WITH_NODE}
        WHERE id = $1 AND node_id = $3 AND recording_status = 'PROCESSING' RETURNING id`,
      [playbackId, nodeId, fromNodeId],
    );
    return (rows[0]?.length ?? 0) > 0;
  }

  /** Ranges of which nothing is safe in the store yet; failed ones that `nodeId` has footage of and that name a local path are kept for a person to look at. */
  async findUnsafeRanges(nodeId: string): Promise<UnsafeRange[]> {
    const rows = await this.dataSource.manager.find(Playback, {
      select: { id: true, cameraId: true, recordingStatus: true, rangeStartAt: true, rangeEndAt: true },
      where: [
        { recordingStatus: In(['PENDING', 'RECORDING', 'PROCESSING'] as const) },
        { recordingStatus: 'FAILED', footageNodes: ArrayContains([nodeId]), localPath: Not(IsNull()) },
      ],
    });
    return rows.map(({ id, cameraId, recordingStatus, rangeStartAt, rangeEndAt }) => ({
      playbackId: id,
      cameraId,
      startMs: rangeStartAt?.getTime() ?? 0,
      // While it is recorded, a fragment behind its end may still extend it.
      endMs: ['PENDING', 'RECORDING'].includes(recordingStatus) ? null : (rangeEndAt?.getTime() ?? null),
    }));
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

  async insertInterruption(cameraId: string, span: CausedSpan, detail: string): Promise<void> {
    await this.dataSource.manager.insert(Interruption, {
      cameraId,
      startedAt: new Date(span.startMs),
      endedAt: new Date(span.endMs),
      cause: span.cause,
      detail,
    });
  }

  /** Interruptions of a camera that touch a range. */
  async findInterruptions(cameraId: string, range: Span): Promise<CausedSpan[]> {
    const rows = await this.dataSource.manager.findBy(Interruption, {
      cameraId,
      startedAt: LessThanOrEqual(new Date(range.endMs)),
      endedAt: MoreThanOrEqual(new Date(range.startMs)),
    });
    return rows.map(({ startedAt, endedAt, cause }) => ({
      startMs: startedAt.getTime(),
      endMs: endedAt?.getTime() ?? range.endMs,
      cause,
    }));
  }

  async deleteInterruptionsBefore(instant: Date): Promise<void> {
    await this.dataSource.query('DELETE FROM interruptions WHERE ended_at < $1', [instant]);
  }
}
