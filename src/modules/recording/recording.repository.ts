import { Injectable } from '@nestjs/common';
import { DataSource, In, IsNull, LessThanOrEqual, MoreThanOrEqual, Not } from 'typeorm';
import { Playback } from '../playback/playback.entity.js';
import type { CausedSpan, Span } from './domain/ledger.js';
import { Interruption } from './interruption.entity.js';

/** A range whose footage must stay on this node; its end is null while it is open. */
export interface UnsafeRange {
  playbackId: string;
  cameraId: string;
  startMs: number;
  endMs: number | null;
}

export interface ProgressRow {
  playbackId: string;
  bytes: number;
  durationMs: number;
  frames: number;
  fps: number | null;
  bitrateKbps: number | null;
}

/** Rows of the write side, but for the state, which has its own writer. */
@Injectable()
export class RecordingRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Recordings that are wanted or running and that no other node has taken, oldest first. */
  async findOpen(nodeId: string): Promise<Playback[]> {
    const open = { recordingStatus: In(['PENDING', 'RECORDING'] as const) };
    return this.dataSource.manager.find(Playback, {
      where: [
        { ...open, nodeId: IsNull() },
        { ...open, nodeId },
      ],
      order: { createdAt: 'ASC', id: 'ASC' },
    });
  }

  async findProcessing(nodeId: string): Promise<Playback[]> {
    return this.dataSource.manager.findBy(Playback, { recordingStatus: 'PROCESSING', nodeId });
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

  /** Takes a recording for this node; false when another was first. */
  async claim(playbackId: string, nodeId: string): Promise<boolean> {
    const rows: unknown[][] = await this.dataSource.query(
      `UPDATE playbacks SET node_id = $2 WHERE id = $1 AND (node_id IS NULL OR node_id = $2)
          AND recording_status IN ('PENDING', 'RECORDING') RETURNING id`,
      [playbackId, nodeId],
    );
    return (rows[0]?.length ?? 0) > 0;
  }

  /** Ranges of which nothing is safe in the store yet; failed ones that name a local path are kept for a person to look at. */
  async findUnsafeRanges(nodeId: string): Promise<UnsafeRange[]> {
    const unfinished = In(['PENDING', 'RECORDING', 'PROCESSING'] as const);
    const rows = await this.dataSource.manager.find(Playback, {
      select: { id: true, cameraId: true, rangeStartAt: true, rangeEndAt: true },
      where: [
        { recordingStatus: unfinished, nodeId },
        { recordingStatus: unfinished, nodeId: IsNull() },
        { recordingStatus: 'FAILED', nodeId, localPath: Not(IsNull()) },
      ],
    });
    return rows.map(({ id, cameraId, rangeStartAt, rangeEndAt }) => ({
      playbackId: id,
      cameraId,
      startMs: rangeStartAt?.getTime() ?? 0,
      endMs: rangeEndAt?.getTime() ?? null,
    }));
  }

  async saveProgress(rows: readonly ProgressRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.dataSource.query(
      `UPDATE playbacks p SET progress_bytes = v.bytes, progress_duration_ms = v.duration_ms, progress_frames = v.frames,
              progress_fps = v.fps, progress_bitrate_kbps = v.bitrate_kbps
         FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::real[], $6::real[])
              AS v (id, bytes, duration_ms, frames, fps, bitrate_kbps)
        WHERE p.id = v.id`,
      [
        rows.map(({ playbackId }) => playbackId),
        rows.map(({ bytes }) => Math.round(bytes)),
        rows.map(({ durationMs }) => Math.round(durationMs)),
        rows.map(({ frames }) => frames),
        rows.map(({ fps }) => fps),
        rows.map(({ bitrateKbps }) => bitrateKbps),
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
