import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import { bigintAsNumber } from './bigint-as-number.js';
import { Camera } from './camera.entity.js';
import { CameraEvent } from './event.entity.js';
import type { Assembly } from './assembly.js';
import type { Gap } from './ledger.js';
import type { EndReason, PlaybackKind, RecordingStatus } from './playback-state.js';
import { mainStream, type StreamId } from './stream-id.js';

/**
 * The durable, playable result of one recording, and the record of how it came about.
 * `recording_status` has one writer: `recording/playback-state.repository.ts`.
 */
@Entity('playbacks')
@Index('idx_playbacks_created', ['createdAt', 'id'])
@Index('idx_playbacks_camera_created', ['cameraId', 'createdAt', 'id'])
@Index('idx_playbacks_status_created', ['recordingStatus', 'createdAt', 'id'])
@Index('idx_playbacks_camera_status_created', ['cameraId', 'recordingStatus', 'createdAt', 'id'])
@Index('idx_playbacks_camera_range', [
  'cameraId',
  'rangeStartAt',
  'recordingStatus',
  'storedMs',
  'fileSizeBytes',
  'kind',
])
@Index('idx_playbacks_gaps', ['cameraId', 'rangeStartAt'], { where: `gaps <> '[]'` })
@Index('idx_playbacks_kind_created', ['kind', 'createdAt', 'id'])
@Index('idx_playbacks_node_local', ['nodeId'], { where: 'local_path IS NOT NULL' })
@Index('idx_playbacks_unfinished_node', ['nodeId', 'recordingStatus'], {
  where: `recording_status IN ('PENDING', 'RECORDING', 'PROCESSING')`,
})
export class Playback {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'playbacks_pkey' })
  id!: string;

  /** What asked for it. */
  @Column('varchar', { length: 10, default: 'event' })
  kind!: PlaybackKind;

  @Column('uuid', { name: 'camera_id' })
  cameraId!: string;

  @ManyToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'playbacks_camera_id_fkey' })
  camera?: Relation<Camera>;

  @Index('idx_playbacks_event')
  @Column('uuid', { name: 'event_id', nullable: true })
  eventId!: string | null;

  @ManyToOne(() => CameraEvent, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'event_id', foreignKeyConstraintName: 'playbacks_event_id_fkey' })
  event?: Relation<CameraEvent> | null;

  @Index('idx_playbacks_recording_status')
  @Column('varchar', { name: 'recording_status', length: 20, default: 'PENDING' })
  recordingStatus!: RecordingStatus;

  /** Where clients load it: under R2_PUBLIC_URL, or this service's own `/playbacks/:id/video`. Never signed. */
  @Column('varchar', { name: 'video_url', length: 500, nullable: true })
  videoUrl!: string | null;

  /** Footage that had to be encoded, while it waits for the store; of a FAILED playback, where its footage is kept. */
  @Column('varchar', { name: 'local_path', length: 500, nullable: true })
  localPath!: string | null;

  @Column('bigint', { name: 'file_size_bytes', nullable: true, transformer: bigintAsNumber })
  fileSizeBytes!: number | null;

  @Column('int', { name: 'duration_sec', nullable: true })
  durationSec!: number | null;

  @Column('varchar', { length: 50, nullable: true })
  codec!: string | null;

  @Column('varchar', { length: 50, nullable: true })
  resolution!: string | null;

  /** First and last instant of footage. */
  @Column({ type: 'timestamptz', name: 'started_at', precision: 3, nullable: true })
  startedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'ended_at', precision: 3, nullable: true })
  endedAt!: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  /** The wanted range, half-open: `occurredAt − preRoll` to `endedAt + postRoll`; its end is null while nobody has ended it. */
  @Column({ type: 'timestamptz', name: 'range_start_at', precision: 3, nullable: true })
  rangeStartAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'range_end_at', precision: 3, nullable: true })
  rangeEndAt!: Date | null;

  /** The dead-man limit: an open range is closed here. */
  @Column({ type: 'timestamptz', name: 'deadline_at', precision: 3, nullable: true })
  deadlineAt!: Date | null;

  @Column('varchar', { name: 'end_reason', length: 30, nullable: true })
  endReason!: EndReason | null;

  @Column('varchar', { name: 'failure_code', length: 60, nullable: true })
  failureCode!: string | null;

  @Column('text', { name: 'failure_message', nullable: true })
  failureMessage!: string | null;

  /** The recorder that records or finalises it; null: nobody has taken it, or its recorder has handed it over. */
  @Column('uuid', { name: 'node_id', nullable: true })
  nodeId!: string | null;

  /** Every recorder that may hold fragments of it. */
  @Column('uuid', { name: 'footage_nodes', array: true, default: () => `'{}'` })
  footageNodes!: string[];

  /** How the file was made: `copied` as the camera sent it, `remuxed` by FFmpeg, or encoded since the stream changed half-way. */
  @Column('varchar', { length: 20, nullable: true })
  assembly!: Assembly | null;

  @Column('bigint', { name: 'expected_ms', nullable: true, transformer: bigintAsNumber })
  expectedMs!: number | null;

  @Column('bigint', { name: 'stored_ms', nullable: true, transformer: bigintAsNumber })
  storedMs!: number | null;

  @Column('jsonb', { default: () => `'[]'` })
  gaps!: Gap[];

  /** Exact length of the footage; `duration_sec` is this, rounded. */
  @Column('bigint', { name: 'duration_ms', nullable: true, transformer: bigintAsNumber })
  durationMs!: number | null;

  /** Hex, of the whole object; null when it went up in parts. */
  @Column('varchar', { length: 64, nullable: true })
  sha256!: string | null;

  /**
   * `sha256:` and the digest of the whole object, or, when it went up in parts, `sha256-parts:` and the SHA-256 over the SHA-256s of its
   * parts, then `-`, their number, `x` and the size of each but the last.
   */
  @Column('varchar', { length: 120, nullable: true })
  digest!: string | null;

  /** The fragment with which it begins while it is recorded: `{captureId}-{start in the capture, whole ms}`. */
  @Column('varchar', { name: 'first_fragment', length: 120, nullable: true })
  firstFragment!: string | null;

  @Column('varchar', { name: 'object_key', length: 200, nullable: true })
  objectKey!: string | null;

  /** Tries to finalise so far, why the last one failed, and when the next one comes. */
  @Column('int', { name: 'finalise_attempts', default: 0 })
  finaliseAttempts!: number;

  @Column('text', { name: 'retry_reason', nullable: true })
  retryReason!: string | null;

  @Column({ type: 'timestamptz', name: 'retry_at', precision: 3, nullable: true })
  retryAt!: Date | null;
}

/** The stream that a playback is recorded from. */
export function streamOf({ cameraId }: Pick<Playback, 'cameraId'>): StreamId {
  return mainStream(cameraId);
}
