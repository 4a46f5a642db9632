import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Camera } from './camera.entity.js';
import { Playback } from './playback.entity.js';

export const INCIDENT_KINDS = [
  'camera_silent',
  'recording_not_started',
  'recording_overdue',
  'recording_stalled',
  'upload_backlog',
  'disk_low',
  'footage_backlog',
  'footage_store_foreign',
  'retention_blocked',
  'missed_start',
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

/** Something that has been wrong for longer than it should be, from its beginning to its end. One subject has one open incident of a kind. */
@Entity('incidents')
@Index('idx_incidents_open', ['kind', 'subject'], { unique: true, where: 'ended_at IS NULL' })
@Index('idx_incidents_began', ['beganAt', 'id'])
@Index('idx_incidents_camera_began', ['cameraId', 'beganAt', 'id'])
@Index('idx_incidents_playback', ['playbackId'])
export class Incident {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'incidents_pkey' })
  id!: string;

  @Column('varchar', { length: 40 })
  kind!: IncidentKind;

  /** The ids of what it is about, in one word that an index can hold: null is equal to nothing, and a kind may be about no thing at all. */
  @Column('varchar', { length: 150 })
  subject!: string;

  @Column('uuid', { name: 'camera_id', nullable: true })
  cameraId!: string | null;

  @ManyToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'incidents_camera_id_fkey' })
  camera?: Relation<Camera> | null;

  @Column('uuid', { name: 'playback_id', nullable: true })
  playbackId!: string | null;

  @ManyToOne(() => Playback, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'playback_id', foreignKeyConstraintName: 'incidents_playback_id_fkey' })
  playback?: Relation<Playback> | null;

  /** The recorder that alone can see it; null: every process can. */
  @Column('uuid', { name: 'node_id', nullable: true })
  nodeId!: string | null;

  /** One sentence for a person, as of the last look. */
  @Column('text')
  detail!: string;

  /** Since when it holds, which is before anybody noticed. */
  @Column({ type: 'timestamptz', name: 'began_at', precision: 3 })
  beganAt!: Date;

  @Column({ type: 'timestamptz', name: 'opened_at', precision: 3 })
  openedAt!: Date;

  /** Until when it was seen to last, or could not be looked at. */
  @Column({ type: 'timestamptz', name: 'seen_at', precision: 3 })
  seenAt!: Date;

  @Column({ type: 'timestamptz', name: 'ended_at', precision: 3, nullable: true })
  endedAt!: Date | null;
}
