import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { bigintAsNumber } from './bigint-as-number.js';
import type { ExportPhase } from './export-progress.js';
import { Playback } from './playback.entity.js';

/**
 * How far a playback is. It changes every few seconds while the playback is recorded, so it stands in a narrow row of its own: an update
 * writes this row again, and no index. A playback of which nothing was told yet has no row.
 */
@Entity('playback_progress')
export class PlaybackProgress {
  @PrimaryColumn('uuid', { name: 'playback_id', primaryKeyConstraintName: 'playback_progress_pkey' })
  playbackId!: string;

  @OneToOne(() => Playback, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'playback_id', foreignKeyConstraintName: 'playback_progress_playback_id_fkey' })
  playback?: Relation<Playback>;

  /** Recorded so far; null: nothing was told yet. */
  @Column('bigint', { nullable: true, transformer: bigintAsNumber })
  bytes!: number | null;

  @Column('bigint', { name: 'duration_ms', nullable: true, transformer: bigintAsNumber })
  durationMs!: number | null;

  @Column('bigint', { nullable: true, transformer: bigintAsNumber })
  frames!: number | null;

  @Column('real', { nullable: true })
  fps!: number | null;

  @Column('real', { name: 'bitrate_kbps', nullable: true })
  bitrateKbps!: number | null;

  /** Media in the store already, to be sent there, and only on the recorder's disk. */
  @Column('bigint', { name: 'upload_safe_bytes', nullable: true, transformer: bigintAsNumber })
  uploadSafeBytes!: number | null;

  @Column('bigint', { name: 'upload_pending_bytes', nullable: true, transformer: bigintAsNumber })
  uploadPendingBytes!: number | null;

  @Column('bigint', { name: 'upload_at_risk_bytes', nullable: true, transformer: bigintAsNumber })
  uploadAtRiskBytes!: number | null;

  /** What an export is at; null: it is none, or nobody has begun it. */
  @Column('varchar', { name: 'export_phase', length: 10, nullable: true })
  exportPhase!: ExportPhase | null;

  @Column('bigint', { name: 'export_done_bytes', nullable: true, transformer: bigintAsNumber })
  exportDoneBytes!: number | null;

  @Column('bigint', { name: 'export_total_bytes', nullable: true, transformer: bigintAsNumber })
  exportTotalBytes!: number | null;
}
