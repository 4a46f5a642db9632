import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** When a schedule begins, by the clocks of its zone. `at` is like `02:30` or `02:30:15`; that of a one-off has the date before it. */
export type Rule =
  | { kind: 'once'; at: string }
  /** On each date, or on every so many counted from the first date. */
  | { kind: 'daily'; at: string; every?: number }
  | { kind: 'weekly'; at: string; days: Weekday[] }
  | { kind: 'cron'; expression: string };

export const RULE_KINDS = ['once', 'daily', 'weekly', 'cron'] as const satisfies readonly Rule['kind'][];

/** What can be done with many schedules at once. */
export const SCHEDULE_ACTIONS = ['enable', 'disable', 'delete'] as const;

/** What is to be recorded when; a deleted one stays for its occurrences. Dates and times of the clock are those of `time_zone`, as text. */
@Entity('schedules')
@Index('idx_schedules_created', ['createdAt', 'id'])
@Check('schedules_end_check', '(duration_sec IS NULL) <> (until_time IS NULL)')
export class Schedule {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'schedules_pkey' })
  id!: string;

  @Column('varchar', { length: 100 })
  name!: string;

  @Column('jsonb')
  rule!: Rule;

  @Column('varchar', { name: 'time_zone', length: 64 })
  timeZone!: string;

  @Column('int', { name: 'duration_sec', nullable: true })
  durationSec!: number | null;

  @Column('varchar', { name: 'until_time', length: 8, nullable: true })
  until!: string | null;

  @Column('varchar', { name: 'first_date', length: 10, nullable: true })
  firstDate!: string | null;

  @Column('varchar', { name: 'last_date', length: 10, nullable: true })
  lastDate!: string | null;

  @Column('varchar', { name: 'except_dates', length: 10, array: true, default: () => `'{}'` })
  exceptDates!: string[];

  @Column('int', { name: 'padding_before_sec', default: 0 })
  paddingBeforeSec!: number;

  @Column('int', { name: 'padding_after_sec', default: 0 })
  paddingAfterSec!: number;

  @Column('boolean', { default: true })
  enabled!: boolean;

  /** Each change makes it one more: who changes a schedule says which one they saw. */
  @Column('int', { default: 1 })
  version!: number;

  /** The version of the zones by which it is planned. */
  @Column('varchar', { name: 'zone_data', length: 16 })
  zoneData!: string;

  /** Its occurrences that begin before this have rows. */
  @Column({ type: 'timestamptz', name: 'planned_until', precision: 3 })
  plannedUntil!: Date;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3, default: () => 'now()' })
  updatedAt!: Date;

  @Column({ type: 'timestamptz', name: 'deleted_at', precision: 3, nullable: true })
  deletedAt!: Date | null;
}
