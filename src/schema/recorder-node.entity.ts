import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A recorder that has run once: where its fragments lie, for another one that can see that folder. */
@Entity('recorders')
export class RecorderNode {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'recorders_pkey' })
  id!: string;

  /** Absolute, on the machine `host`. */
  @Column('text', { name: 'home_dir' })
  homeDir!: string;

  @Column('varchar', { length: 255 })
  host!: string;

  @Column({ type: 'timestamptz', name: 'started_at', precision: 3 })
  startedAt!: Date;
}
