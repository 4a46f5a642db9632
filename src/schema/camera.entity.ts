import { Column, CreateDateColumn, DeleteDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';

/** `parallel`: each event has a playback of its own. `merge`: an event during a recording or its post-roll joins it. */
export const OVERLAP_POLICIES = ['parallel', 'merge'] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

/** A camera as it is registered. Passwords are stored sealed (AES-256-GCM, `credential.cipher.ts`) and never leave as they are. */
@Entity('cameras')
export class Camera {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'cameras_pkey' })
  id!: string;

  @Column('varchar', { length: 100 })
  name!: string;

  @Column('varchar', { name: 'onvif_host', length: 255, nullable: true })
  onvifHost!: string | null;

  @Column('int', { name: 'onvif_port', nullable: true })
  onvifPort!: number | null;

  @Column('varchar', { name: 'onvif_username', length: 255, nullable: true })
  onvifUsername!: string | null;

  @Column('text', { name: 'onvif_password_sealed', nullable: true })
  onvifPasswordSealed!: string | null;

  @Column('varchar', { name: 'onvif_profile_token', length: 255, nullable: true })
  onvifProfileToken!: string | null;

  /** Fixed stream address without credentials; null: ask the camera by ONVIF at each capture. */
  @Column('varchar', { name: 'rtsp_url', length: 1000, nullable: true })
  rtspUrl!: string | null;

  /** RTSP credentials; null: the ONVIF ones. */
  @Column('varchar', { name: 'rtsp_username', length: 255, nullable: true })
  rtspUsername!: string | null;

  @Column('text', { name: 'rtsp_password_sealed', nullable: true })
  rtspPasswordSealed!: string | null;

  /** False: disarmed. Nothing is captured; events are stored and record nothing. */
  @Column('boolean', { default: true })
  enabled!: boolean;

  /** All of its footage is kept, with or without events: `footage_periods` says since when. */
  @Column('boolean', { default: false })
  continuous!: boolean;

  /** Event types that start a recording; empty: none does. */
  @Column('varchar', { name: 'record_on', array: true, length: 50, default: () => `'{MOTION}'` })
  recordOn!: string[];

  @Column('int', { name: 'pre_roll_sec', default: 0 })
  preRollSec!: number;

  @Column('int', { name: 'post_roll_sec', default: 0 })
  postRollSec!: number;

  /** A recording that nobody ends is ended by itself after this long. */
  @Column('int', { name: 'max_recording_sec', default: 300 })
  maxRecordingSec!: number;

  @Column('boolean', { name: 'record_audio', default: true })
  recordAudio!: boolean;

  @Column('varchar', { name: 'overlap_policy', length: 10, default: 'parallel' })
  overlapPolicy!: OverlapPolicy;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt!: Date;

  /** A deleted camera keeps its row, without secrets, because its playbacks stay and name it. */
  @DeleteDateColumn({ name: 'deleted_at', type: 'timestamptz', precision: 3, nullable: true })
  deletedAt!: Date | null;
}
