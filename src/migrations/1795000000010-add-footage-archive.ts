import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Footage that is kept as it was recorded: when it is wanted, what there is, what is gone, and what may not go. A segment is found by its
 * camera and start: no partitions and no BRIN, since either reads all cameras of a time to find one (measured with two million rows).
 */
export class AddFootageArchive1795000000010 implements MigrationInterface {
  readonly name = 'AddFootageArchive1795000000010';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE cameras ADD continuous BOOLEAN NOT NULL DEFAULT false');
    await queryRunner.query(`
      CREATE TABLE installation (
        id UUID NOT NULL,
        is_only BOOLEAN NOT NULL DEFAULT true CONSTRAINT installation_only_one CHECK (is_only),
        CONSTRAINT installation_pkey PRIMARY KEY (is_only)
      )`);
    await queryRunner.query('INSERT INTO installation (id) VALUES (gen_random_uuid())');
    await this.addFootage(queryRunner);
    await this.addKeeping(queryRunner);
  }

  private async addFootage(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE footage_periods (
        id UUID NOT NULL DEFAULT gen_random_uuid(),
        camera_id UUID NOT NULL CONSTRAINT footage_periods_camera_id_fkey REFERENCES cameras (id) ON DELETE CASCADE,
        start_at TIMESTAMPTZ(3) NOT NULL,
        end_at TIMESTAMPTZ(3),
        CONSTRAINT footage_periods_pkey PRIMARY KEY (id),
        CONSTRAINT footage_periods_order CHECK (end_at >= start_at)
      )`);
    await queryRunner.query(
      'CREATE UNIQUE INDEX idx_footage_periods_open ON footage_periods (camera_id) WHERE end_at IS NULL',
    );
    await queryRunner.query('CREATE INDEX idx_footage_periods_camera_end ON footage_periods (camera_id, end_at)');
    await queryRunner.query(`
      CREATE TABLE footage_captures (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        camera_id UUID NOT NULL CONSTRAINT footage_captures_camera_id_fkey REFERENCES cameras (id) ON DELETE CASCADE,
        capture_key VARCHAR(60) NOT NULL,
        config_digest VARCHAR(64) NOT NULL,
        init_bytes INT NOT NULL,
        CONSTRAINT footage_captures_pkey PRIMARY KEY (id),
        CONSTRAINT footage_captures_key UNIQUE (capture_key)
      )`);
    await queryRunner.query('CREATE INDEX idx_footage_captures_camera ON footage_captures (camera_id)');
    await queryRunner.query(`
      CREATE TABLE footage_segments (
        camera_id UUID NOT NULL CONSTRAINT footage_segments_camera_id_fkey REFERENCES cameras (id) ON DELETE CASCADE,
        start_at TIMESTAMPTZ(3) NOT NULL,
        end_at TIMESTAMPTZ(3) NOT NULL,
        capture_id BIGINT NOT NULL CONSTRAINT footage_segments_capture_id_fkey REFERENCES footage_captures (id) ON DELETE CASCADE,
        number INT NOT NULL,
        size_bytes BIGINT NOT NULL,
        tail_bytes INT NOT NULL,
        frames INT NOT NULL,
        state VARCHAR(10) NOT NULL,
        node_id UUID,
        md5 BYTEA NOT NULL,
        gops BYTEA NOT NULL,
        trashed_at TIMESTAMPTZ(3),
        missing_since TIMESTAMPTZ(3),
        CONSTRAINT footage_segments_pkey PRIMARY KEY (camera_id, start_at, capture_id),
        CONSTRAINT footage_segments_number UNIQUE (capture_id, number),
        CONSTRAINT footage_segments_length CHECK (end_at > start_at AND end_at - start_at <= interval '1 hour')
      )`);
    await queryRunner.query(
      `CREATE INDEX idx_footage_segments_local ON footage_segments (node_id, start_at) WHERE state = 'local'`,
    );
    await queryRunner.query(
      'CREATE INDEX idx_footage_segments_trash ON footage_segments (trashed_at) WHERE trashed_at IS NOT NULL',
    );
  }

  private async addKeeping(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE footage_removals (
        camera_id UUID NOT NULL CONSTRAINT footage_removals_camera_id_fkey REFERENCES cameras (id) ON DELETE CASCADE,
        start_at TIMESTAMPTZ(3) NOT NULL,
        end_at TIMESTAMPTZ(3) NOT NULL,
        cause VARCHAR(12) NOT NULL,
        size_bytes BIGINT NOT NULL,
        removed_by UUID,
        removed_at TIMESTAMPTZ(3) NOT NULL,
        CONSTRAINT footage_removals_pkey PRIMARY KEY (camera_id, start_at, cause)
      )`);
    await queryRunner.query(`
      CREATE TABLE footage_pins (
        id UUID NOT NULL DEFAULT gen_random_uuid(),
        camera_id UUID NOT NULL CONSTRAINT footage_pins_camera_id_fkey REFERENCES cameras (id) ON DELETE CASCADE,
        start_at TIMESTAMPTZ(3) NOT NULL,
        end_at TIMESTAMPTZ(3) NOT NULL,
        reason VARCHAR(10) NOT NULL,
        ref_id UUID,
        until_at TIMESTAMPTZ(3),
        note TEXT,
        created_by UUID,
        created_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
        CONSTRAINT footage_pins_pkey PRIMARY KEY (id),
        CONSTRAINT footage_pins_order CHECK (end_at > start_at)
      )`);
    await queryRunner.query('CREATE INDEX idx_footage_pins_camera ON footage_pins (camera_id, start_at)');
    await queryRunner.query('CREATE INDEX idx_footage_pins_ref ON footage_pins (ref_id) WHERE ref_id IS NOT NULL');
    await queryRunner.query(`
      CREATE TABLE tombstones (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        store VARCHAR(10) NOT NULL,
        key VARCHAR(300) NOT NULL,
        size_bytes BIGINT NOT NULL,
        tries INT NOT NULL DEFAULT 0,
        retry_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
        created_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
        CONSTRAINT tombstones_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query('CREATE INDEX idx_tombstones_due ON tombstones (store, retry_at)');
    await queryRunner.query('CREATE INDEX idx_tombstones_key ON tombstones (key)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of [
      ...['tombstones', 'footage_pins', 'footage_removals', 'footage_segments', 'footage_captures', 'footage_periods'],
      'installation',
    ]) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
    await queryRunner.query('ALTER TABLE cameras DROP COLUMN continuous');
  }
}
