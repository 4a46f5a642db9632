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
import { Camera } from './camera.entity.js';

/**
 * What a trigger led to: `requested` (a playback was opened), `joined` (it became part of a playback that another event had opened),
 * `not_requested` (the type does not record), `refused` (it could not start).
 */
export const RECORDING_DECISIONS = ['requested', 'joined', 'not_requested', 'refused'] as const;
export type RecordingDecision = (typeof RECORDING_DECISIONS)[number];

/** Why something was recorded: what a camera, a sensor or an operator said. */
@Entity('events')
@Index('idx_events_camera_occurred', ['cameraId', 'occurredAt', 'id'])
@Index('idx_events_occurred', ['occurredAt', 'id'])
export class CameraEvent {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'events_pkey' })
  id!: string;

  @Column('uuid', { name: 'camera_id' })
  cameraId!: string;

  @ManyToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'events_camera_id_fkey' })
  camera?: Relation<Camera>;

  /** Upper case, `MOTION` for motion. */
  @Column('varchar', { length: 50 })
  type!: string;

  @Column('text', { nullable: true })
  description!: string | null;

  /** When it happened, as the sender says, but never after it was received; the footage is cut by this. */
  @Column({ type: 'timestamptz', name: 'occurred_at', precision: 3 })
  occurredAt!: Date;

  /** The `occurredAt` that the sender gave, when it was ahead of our clock and the moment of receipt stands for it; else null. */
  @Column({ type: 'timestamptz', name: 'reported_at', precision: 3, nullable: true })
  reportedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'ended_at', precision: 3, nullable: true })
  endedAt!: Date | null;

  @Column('jsonb', { default: () => `'{}'` })
  metadata!: Record<string, unknown>;

  @Column('varchar', { name: 'recording_decision', length: 20, default: 'not_requested' })
  recordingDecision!: RecordingDecision;

  /** One sentence, when no recording was started. */
  @Column('text', { name: 'recording_reason', nullable: true })
  recordingReason!: string | null;

  /** The playback that it opened or joined. */
  @Index('idx_events_playback')
  @Column('uuid', { name: 'playback_id', nullable: true })
  playbackId!: string | null;

  // By name: a playback names its event too, and two files must not import each other.
  @ManyToOne('Playback', { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'playback_id', foreignKeyConstraintName: 'events_playback_id_fkey' })
  playback?: object | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}
