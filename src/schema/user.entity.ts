import { Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

export const USER_ROLES = ['ADMIN', 'OPERATOR', 'VIEWER'] as const;
/** ADMIN manages cameras and users; OPERATOR creates and ends events, stops and deletes playbacks; VIEWER reads. */
export type UserRole = (typeof USER_ROLES)[number];

@Entity('users')
export class User {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'users_pkey' })
  id!: string;

  @Index('users_username_key', { unique: true })
  @Column('varchar', { length: 100 })
  username!: string;

  @Column('varchar', { name: 'password_hash', length: 255 })
  passwordHash!: string;

  @Column('varchar', { length: 20, default: 'VIEWER' })
  role!: UserRole;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}
