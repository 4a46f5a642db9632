import {
  Check,
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  Unique,
} from 'typeorm';
import { bigintAsNumber } from './bigint-as-number.js';
import { Camera } from './camera.entity.js';

/** This installation: what marks the stores that are its own. One row. */
@Entity('installation')
@Check('installation_only_one', 'is_only')
export class Installation {
  @PrimaryColumn('boolean', { name: 'is_only', default: true, primaryKeyConstraintName: 'installation_pkey' })
  isOnly!: boolean;

  @Column('uuid')
  id!: string;
}

/** When all footage of a camera is wanted in the archive, half-open; a camera has one open period at most. */
@Entity('footage_periods')
@Check('footage_periods_order', 'end_at >= start_at')
@Index('idx_footage_periods_open', ['cameraId'], { unique: true, where: 'end_at IS NULL' })
@Index('idx_footage_periods_camera_end', ['cameraId', 'endAt'])
export class FootagePeriod {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'footage_periods_pkey' })
  id!: string;

  @Column('uuid', { name: 'camera_id' })
  cameraId!: string;

  @ManyToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'footage_periods_camera_id_fkey' })
  camera?: Relation<Camera>;

  @Column({ type: 'timestamptz', name: 'start_at', precision: 3 })
  startAt!: Date;

  /** Null: it goes on. */
  @Column({ type: 'timestamptz', name: 'end_at', precision: 3, nullable: true })
  endAt!: Date | null;
}

/** One run of FFmpeg on a camera with one description of its streams: what its segments have in common. */
@Entity('footage_captures')
@Unique('footage_captures_key', ['captureKey'])
@Index('idx_footage_captures_camera', ['cameraId'])
export class FootageCapture {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'footage_captures_pkey',
  })
  id!: string;

  @Column('uuid', { name: 'camera_id' })
  cameraId!: string;

  @ManyToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'footage_captures_camera_id_fkey' })
  camera?: Relation<Camera>;

  /** Its name in the log. */
  @Column('varchar', { name: 'capture_key', length: 60 })
  captureKey!: string;

  /** Equal for captures whose fragments may stand in one file. */
  @Column('varchar', { name: 'config_digest', length: 64 })
  configDigest!: string;

  /** So many bytes of each segment are its `ftyp` and `moov`. */
  @Column('int', { name: 'init_bytes' })
  initBytes!: number;
}

/** `local`: sealed, on the disk of `nodeId`, on its way. `stored`: in the footage store, which has confirmed its digest. */
export const SEGMENT_STATES = ['local', 'stored'] as const;
export type SegmentState = (typeof SEGMENT_STATES)[number];

/** A footage segment: about a minute of a camera, sealed, never changed. */
@Entity('footage_segments')
@Check('footage_segments_length', `end_at > start_at AND end_at - start_at <= interval '1 hour'`)
@Unique('footage_segments_number', ['captureId', 'number'])
@Index('idx_footage_segments_local', ['nodeId', 'startAt'], { where: `state = 'local'` })
@Index('idx_footage_segments_trash', ['trashedAt'], { where: 'trashed_at IS NOT NULL' })
export class FootageSegment {
  @PrimaryColumn('uuid', { name: 'camera_id', primaryKeyConstraintName: 'footage_segments_pkey' })
  cameraId!: string;

  @ManyToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'footage_segments_camera_id_fkey' })
  camera?: Relation<Camera>;

  /** First and last instant of its pictures, half-open. */
  @PrimaryColumn({
    type: 'timestamptz',
    name: 'start_at',
    precision: 3,
    primaryKeyConstraintName: 'footage_segments_pkey',
  })
  startAt!: Date;

  @Column({ type: 'timestamptz', name: 'end_at', precision: 3 })
  endAt!: Date;

  @PrimaryColumn('bigint', { name: 'capture_id', primaryKeyConstraintName: 'footage_segments_pkey' })
  captureId!: string;

  @ManyToOne(() => FootageCapture, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'capture_id', foreignKeyConstraintName: 'footage_segments_capture_id_fkey' })
  capture?: Relation<FootageCapture>;

  /** In its capture, from 1 on. */
  @Column('int')
  number!: number;

  @Column('bigint', { name: 'size_bytes', transformer: bigintAsNumber })
  sizeBytes!: number;

  /** So many bytes at its end are its index. */
  @Column('int', { name: 'tail_bytes' })
  tailBytes!: number;

  @Column('int')
  frames!: number;

  @Column('varchar', { length: 10 })
  state!: SegmentState;

  /** Whose disk has it while it is `local`. */
  @Column('uuid', { name: 'node_id', nullable: true })
  nodeId!: string | null;

  /** Of the whole file, 16 bytes. */
  @Column('bytea')
  md5!: Buffer;

  /** Where its groups of pictures lie: `domain/gop-index.ts`. */
  @Column('bytea')
  gops!: Buffer;

  /** Since when it is in the trash. */
  @Column({ type: 'timestamptz', name: 'trashed_at', precision: 3, nullable: true })
  trashedAt!: Date | null;

  /** Since when its object is not in the store, though nobody deleted it. */
  @Column({ type: 'timestamptz', name: 'missing_since', precision: 3, nullable: true })
  missingSince!: Date | null;
}

export const REMOVAL_CAUSES = ['retention', 'quota', 'disk', 'deleted', 'lost'] as const;
export type RemovalCause = (typeof REMOVAL_CAUSES)[number];

/** A stretch of footage that was there and is not any more, and why. */
@Entity('footage_removals')
export class FootageRemoval {
  @PrimaryColumn('uuid', { name: 'camera_id', primaryKeyConstraintName: 'footage_removals_pkey' })
  cameraId!: string;

  @ManyToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'footage_removals_camera_id_fkey' })
  camera?: Relation<Camera>;

  @PrimaryColumn({
    type: 'timestamptz',
    name: 'start_at',
    precision: 3,
    primaryKeyConstraintName: 'footage_removals_pkey',
  })
  startAt!: Date;

  @Column({ type: 'timestamptz', name: 'end_at', precision: 3 })
  endAt!: Date;

  @PrimaryColumn('varchar', { length: 12, primaryKeyConstraintName: 'footage_removals_pkey' })
  cause!: RemovalCause;

  @Column('bigint', { name: 'size_bytes', transformer: bigintAsNumber })
  sizeBytes!: number;

  @Column('uuid', { name: 'removed_by', nullable: true })
  removedBy!: string | null;

  @Column({ type: 'timestamptz', name: 'removed_at', precision: 3 })
  removedAt!: Date;
}

export const PIN_REASONS = ['lock', 'hold', 'playback', 'export', 'viewer'] as const;
export type PinReason = (typeof PIN_REASONS)[number];

/** A stretch of footage that may not go. */
@Entity('footage_pins')
@Check('footage_pins_order', 'end_at > start_at')
@Index('idx_footage_pins_camera', ['cameraId', 'startAt'])
@Index('idx_footage_pins_ref', ['refId'], { where: 'ref_id IS NOT NULL' })
export class FootagePin {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'footage_pins_pkey' })
  id!: string;

  @Column('uuid', { name: 'camera_id' })
  cameraId!: string;

  @ManyToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'footage_pins_camera_id_fkey' })
  camera?: Relation<Camera>;

  @Column({ type: 'timestamptz', name: 'start_at', precision: 3 })
  startAt!: Date;

  @Column({ type: 'timestamptz', name: 'end_at', precision: 3 })
  endAt!: Date;

  @Column('varchar', { length: 10 })
  reason!: PinReason;

  /** The playback, hold or viewer that it is for. */
  @Column('uuid', { name: 'ref_id', nullable: true })
  refId!: string | null;

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

export const TOMBSTONE_STORES = ['footage', 'playbacks'] as const;
export type TombstoneStore = (typeof TOMBSTONE_STORES)[number];

/** An object whose row is gone: its bytes go next. */
@Entity('tombstones')
@Index('idx_tombstones_due', ['store', 'retryAt'])
@Index('idx_tombstones_key', ['key'])
export class Tombstone {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'tombstones_pkey',
  })
  id!: string;

  @Column('varchar', { length: 10 })
  store!: TombstoneStore;

  @Column('varchar', { length: 300 })
  key!: string;

  @Column('bigint', { name: 'size_bytes', transformer: bigintAsNumber })
  sizeBytes!: number;

  @Column('int', { default: 0 })
  tries!: number;

  @Column({ type: 'timestamptz', name: 'retry_at', precision: 3, default: () => 'now()' })
  retryAt!: Date;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt!: Date;
}
