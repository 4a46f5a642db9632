import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Camera } from './camera.entity.js';
import type { GapCause } from './ledger.js';
import type { StreamName } from './stream-id.js';

/** A stretch in which a stream of a camera was wanted and gave no footage; the ledger takes the causes of gaps from here. */
@Entity('interruptions')
@Index('idx_interruptions_camera_started', ['cameraId', 'startedAt'])
export class Interruption {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'interruptions_pkey' })
  id!: string;

  @Column('uuid', { name: 'camera_id' })
  cameraId!: string;

  @ManyToOne(() => Camera, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'camera_id', foreignKeyConstraintName: 'interruptions_camera_id_fkey' })
  camera?: Relation<Camera>;

  @Column('varchar', { length: 10, default: 'main' })
  stream!: StreamName;

  @Column({ type: 'timestamptz', name: 'started_at', precision: 3 })
  startedAt!: Date;

  /** Until when it was seen to last: later and later while it does. A recorder that dies leaves it there. */
  @Column({ type: 'timestamptz', name: 'ended_at', precision: 3, nullable: true })
  endedAt!: Date | null;

  @Column('varchar', { length: 30 })
  cause!: GapCause;

  /** One sentence for a person. */
  @Column('text')
  detail!: string;
}
