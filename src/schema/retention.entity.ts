import {
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import { bigintAsNumber } from './bigint-as-number.js';
import { Camera } from './camera.entity.js';
import { Playback } from './playback.entity.js';

/** What somebody said of how long things are kept. Null: nothing of this. */
@Entity('retention_policies')
@Index('idx_retention_policies_camera', ['cameraId', 'kind'], { unique: true, where: 'camera_id IS NOT NULL' })
@Index('idx_retention_policies_kind', ['kind'], { unique: true, where: 'camera_id IS NULL' })
export class RetentionPolicy {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'retention_policies_pkey' })
  id!: string;

  /** Null: of every camera. */
  @Column('uuid', { name: 'camera_id', nullable: true })
  cameraId!: string | null;

  @ManyToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'retention_policies_camera_id_fkey' })
  camera?: Relation<Camera> | null;

  /** `all`, or one of the kinds of `kept-kind.ts`. */
  @Column('varchar', { length: 12 })
  kind!: string;

  /** 0: for ever. */
  @Column('int', { nullable: true })
  days!: number | null;

  /** 0: no limit. */
  @Column('bigint', { name: 'max_bytes', nullable: true, transformer: bigintAsNumber })
  maxBytes!: number | null;

  @Column('int', { name: 'keep_days', nullable: true })
  keepDays!: number | null;
}

/** When a camera was last looked at for what may go. */
@Entity('retention_state')
@Index('idx_retention_state_checked', ['checkedAt'])
export class RetentionState {
  @PrimaryColumn('uuid', { name: 'camera_id', primaryKeyConstraintName: 'retention_state_pkey' })
  cameraId!: string;

  @ManyToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'retention_state_camera_id_fkey' })
  camera?: Relation<Camera>;

  @Column({ type: 'timestamptz', name: 'checked_at', precision: 3 })
  checkedAt!: Date;
}

/** How much of a camera is kept, by kind. Counted by triggers of the tables that it counts (migration 13), never written otherwise. */
@Entity('storage_usage')
export class StorageUsage {
  @PrimaryColumn('uuid', { name: 'camera_id', primaryKeyConstraintName: 'storage_usage_pkey' })
  cameraId!: string;

  @PrimaryColumn('varchar', { length: 12, primaryKeyConstraintName: 'storage_usage_pkey' })
  kind!: string;

  @Column('bigint', { transformer: bigintAsNumber })
  bytes!: number;

  @Column('bigint', { transformer: bigintAsNumber })
  objects!: number;
}

/** Room that is wanted and cannot be made: nothing more may go. */
@Entity('storage_shortages')
export class StorageShortage {
  /** `total`, or whose disk it is: the stores on it. */
  @PrimaryColumn('varchar', { length: 20, primaryKeyConstraintName: 'storage_shortages_pkey' })
  place!: string;

  @Column('bigint', { name: 'short_bytes', transformer: bigintAsNumber })
  shortBytes!: number;

  @Column({ type: 'timestamptz', precision: 3 })
  since!: Date;
}

/** A playback that may not go. */
@Entity('playback_locks')
@Index('idx_playback_locks_playback', ['playbackId'])
export class PlaybackLock {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'playback_locks_pkey' })
  id!: string;

  @Column('uuid', { name: 'playback_id' })
  playbackId!: string;

  @ManyToOne(() => Playback, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'playback_id', foreignKeyConstraintName: 'playback_locks_playback_id_fkey' })
  playback?: Relation<Playback>;

  /** It holds up to then; null: until somebody takes it off. */
  @Column({ type: 'timestamptz', name: 'until_at', precision: 3, nullable: true })
  untilAt!: Date | null;

  @Column('text', { nullable: true })
  note!: string | null;

  @Column('uuid', { name: 'created_by', nullable: true })
  createdBy!: string | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt!: Date;
}
