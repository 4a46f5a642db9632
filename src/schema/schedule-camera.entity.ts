import { Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Camera } from './camera.entity.js';
import { Schedule } from './schedule.entity.js';

/** A camera that a schedule records. */
@Entity('schedule_cameras')
export class ScheduleCamera {
  @PrimaryColumn('uuid', { name: 'schedule_id', primaryKeyConstraintName: 'schedule_cameras_pkey' })
  scheduleId!: string;

  @ManyToOne(() => Schedule, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'schedule_id', foreignKeyConstraintName: 'schedule_cameras_schedule_id_fkey' })
  schedule?: Relation<Schedule>;

  @Index('idx_schedule_cameras_camera')
  @PrimaryColumn('uuid', { name: 'camera_id', primaryKeyConstraintName: 'schedule_cameras_pkey' })
  cameraId!: string;

  @ManyToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'schedule_cameras_camera_id_fkey' })
  camera?: Relation<Camera>;
}
