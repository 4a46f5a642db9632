import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/** The first answer to a request with an `Idempotency-Key`, given again to its repeats. */
@Entity('idempotency_keys')
@Index('idx_idempotency_keys_created', ['createdAt'])
export class IdempotencyKey {
  /** Keys of different users never meet. */
  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'idempotency_keys_pkey' })
  userId!: string;

  @PrimaryColumn('varchar', { length: 255, primaryKeyConstraintName: 'idempotency_keys_pkey' })
  key!: string;

  /** Hex SHA-256 of the request body: the same key with another body is a mistake of the caller. */
  @Column('varchar', { name: 'request_hash', length: 64 })
  requestHash!: string;

  @Column('jsonb')
  response!: Record<string, unknown>;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}
