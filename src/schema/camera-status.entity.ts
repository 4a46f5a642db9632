import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Camera } from './camera.entity.js';

/** `idle`: nobody wants it now. `connecting`: being opened for the first time. `online`: gives footage. `offline`: wanted, and gives none. */
export const CAMERA_STATES = ['idle', 'connecting', 'online', 'offline'] as const;
export type CameraState = (typeof CAMERA_STATES)[number];

/** What the recorder that owns a camera last saw of it. A camera without a row was never captured. */
@Entity('camera_status')
export class CameraStatus {
  @PrimaryColumn('uuid', { name: 'camera_id', primaryKeyConstraintName: 'camera_status_pkey' })
  cameraId!: string;

  @OneToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'camera_status_camera_id_fkey' })
  camera?: Relation<Camera>;

  /** The recorder that captures it; null while none does. */
  @Column('uuid', { name: 'node_id', nullable: true })
  nodeId!: string | null;

  @Column('varchar', { length: 20 })
  state!: CameraState;

  @Column({ type: 'timestamptz', precision: 3 })
  since!: Date;

  @Column('varchar', { name: 'last_error_code', length: 60, nullable: true })
  lastErrorCode!: string | null;

  @Column('text', { name: 'last_error_message', nullable: true })
  lastErrorMessage!: string | null;

  @Column({ type: 'timestamptz', name: 'last_error_at', precision: 3, nullable: true })
  lastErrorAt!: Date | null;
}
