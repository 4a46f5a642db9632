import {
  Check,
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  type Relation,
  Unique,
} from 'typeorm';
import { Camera } from './camera.entity.js';
import { Playback } from './playback.entity.js';
import { Schedule } from './schedule.entity.js';

/** What a row says by itself; how a started one goes on is its playback's to say. */
export type OccurrenceState = 'planned' | 'started' | 'cancelled';

export const OCCURRENCE_STATUSES = ['scheduled', 'recording', 'completed', 'failed', 'cancelled'] as const;
export type OccurrenceStatus = (typeof OCCURRENCE_STATUSES)[number];

/** What can be done with many occurrences at once. */
export const OCCURRENCE_ACTIONS = ['start', 'cancel', 'retry'] as const;

/** One time of a schedule on one camera. Times are half-open; those of the recording have the padding. */
@Entity('occurrences')
@Unique('occurrences_wall_key', ['scheduleId', 'cameraId', 'wallKey'])
@Check('occurrences_order_check', 'starts_at < ends_at AND record_from < record_to')
@Index('idx_occurrences_due', ['recordFrom'], { where: `state = 'planned'` })
@Index('idx_occurrences_starts', ['startsAt', 'id'])
@Index('idx_occurrences_camera_starts', ['cameraId', 'startsAt', 'id'])
@Index('idx_occurrences_schedule_starts', ['scheduleId', 'startsAt', 'id'])
export class Occurrence {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'occurrences_pkey' })
  id!: string;

  @Column('uuid', { name: 'schedule_id' })
  scheduleId!: string;

  @ManyToOne(() => Schedule, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'schedule_id', foreignKeyConstraintName: 'occurrences_schedule_id_fkey' })
  schedule?: Relation<Schedule>;

  @Column('uuid', { name: 'camera_id' })
  cameraId!: string;

  @ManyToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'occurrences_camera_id_fkey' })
  camera?: Relation<Camera>;

  /** The wall time at which the rule begins it: it is planned once under this name, also when the rules of the zone change. */
  @Column('varchar', { name: 'wall_key', length: 40 })
  wallKey!: string;

  @Column('int', { name: 'schedule_version' })
  scheduleVersion!: number;

  @Column({ type: 'timestamptz', name: 'starts_at', precision: 3 })
  startsAt!: Date;

  @Column({ type: 'timestamptz', name: 'ends_at', precision: 3 })
  endsAt!: Date;

  @Column({ type: 'timestamptz', name: 'record_from', precision: 3 })
  recordFrom!: Date;

  @Column({ type: 'timestamptz', name: 'record_to', precision: 3 })
  recordTo!: Date;

  @Column('varchar', { length: 10, default: 'planned' })
  state!: OccurrenceState;

  /** Somebody has moved it: its schedule does not move it any more. */
  @Column('boolean', { default: false })
  edited!: boolean;

  @Index('idx_occurrences_playback')
  @Column('uuid', { name: 'playback_id', nullable: true })
  playbackId!: string | null;

  @ManyToOne(() => Playback, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'playback_id', foreignKeyConstraintName: 'occurrences_playback_id_fkey' })
  playback?: Relation<Playback> | null;

  /** Those of earlier attempts. */
  @Column('uuid', { name: 'earlier_playback_ids', array: true, default: () => `'{}'` })
  earlierPlaybackIds!: string[];

  @Column('int', { default: 0 })
  attempts!: number;

  /** What is unusual about its times, in sentences. */
  @Column('text', { nullable: true })
  note!: string | null;
}
