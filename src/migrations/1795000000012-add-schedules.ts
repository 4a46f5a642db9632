import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Schedules, and what they plan: a row for each time and camera, named by the wall time for good. */
export class AddSchedules1795000000012 implements MigrationInterface {
  readonly name = 'AddSchedules1795000000012';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE schedules (
        id UUID NOT NULL DEFAULT gen_random_uuid(),
        name VARCHAR(100) NOT NULL,
        rule JSONB NOT NULL,
        time_zone VARCHAR(64) NOT NULL,
        duration_sec INT,
        until_time VARCHAR(8),
        first_date VARCHAR(10),
        last_date VARCHAR(10),
        except_dates VARCHAR(10)[] NOT NULL DEFAULT '{}',
        padding_before_sec INT NOT NULL DEFAULT 0,
        padding_after_sec INT NOT NULL DEFAULT 0,
        enabled BOOLEAN NOT NULL DEFAULT true,
        version INT NOT NULL DEFAULT 1,
        zone_data VARCHAR(16) NOT NULL,
        planned_until TIMESTAMPTZ(3) NOT NULL,
        created_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
        updated_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
        deleted_at TIMESTAMPTZ(3),
        CONSTRAINT schedules_pkey PRIMARY KEY (id),
        CONSTRAINT schedules_end_check CHECK ((duration_sec IS NULL) <> (until_time IS NULL))
      )`);
    await queryRunner.query('CREATE INDEX idx_schedules_created ON schedules (created_at, id)');
    await queryRunner.query(`
      CREATE TABLE schedule_cameras (
        schedule_id UUID NOT NULL CONSTRAINT schedule_cameras_schedule_id_fkey REFERENCES schedules (id) ON DELETE CASCADE,
        camera_id UUID NOT NULL CONSTRAINT schedule_cameras_camera_id_fkey REFERENCES cameras (id) ON DELETE CASCADE,
        CONSTRAINT schedule_cameras_pkey PRIMARY KEY (schedule_id, camera_id)
      )`);
    await queryRunner.query('CREATE INDEX idx_schedule_cameras_camera ON schedule_cameras (camera_id)');
    await queryRunner.query(`
      CREATE TABLE occurrences (
        id UUID NOT NULL DEFAULT gen_random_uuid(),
        schedule_id UUID NOT NULL CONSTRAINT occurrences_schedule_id_fkey REFERENCES schedules (id) ON DELETE CASCADE,
        camera_id UUID NOT NULL CONSTRAINT occurrences_camera_id_fkey REFERENCES cameras (id) ON DELETE CASCADE,
        wall_key VARCHAR(40) NOT NULL,
        schedule_version INT NOT NULL,
        starts_at TIMESTAMPTZ(3) NOT NULL,
        ends_at TIMESTAMPTZ(3) NOT NULL,
        record_from TIMESTAMPTZ(3) NOT NULL,
        record_to TIMESTAMPTZ(3) NOT NULL,
        state VARCHAR(10) NOT NULL DEFAULT 'planned',
        edited BOOLEAN NOT NULL DEFAULT false,
        playback_id UUID CONSTRAINT occurrences_playback_id_fkey REFERENCES playbacks (id) ON DELETE SET NULL,
        earlier_playback_ids UUID[] NOT NULL DEFAULT '{}',
        attempts INT NOT NULL DEFAULT 0,
        note TEXT,
        CONSTRAINT occurrences_pkey PRIMARY KEY (id),
        CONSTRAINT occurrences_wall_key UNIQUE (schedule_id, camera_id, wall_key),
        CONSTRAINT occurrences_order_check CHECK (starts_at < ends_at AND record_from < record_to)
      )`);
    await queryRunner.query(`CREATE INDEX idx_occurrences_due ON occurrences (record_from) WHERE state = 'planned'`);
    await queryRunner.query('CREATE INDEX idx_occurrences_starts ON occurrences (starts_at, id)');
    await queryRunner.query('CREATE INDEX idx_occurrences_camera_starts ON occurrences (camera_id, starts_at, id)');
    await queryRunner.query('CREATE INDEX idx_occurrences_schedule_starts ON occurrences (schedule_id, starts_at, id)');
    await queryRunner.query('CREATE INDEX idx_occurrences_playback ON occurrences (playback_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE occurrences');
    await queryRunner.query('DROP TABLE schedule_cameras');
    await queryRunner.query('DROP TABLE schedules');
  }
}
