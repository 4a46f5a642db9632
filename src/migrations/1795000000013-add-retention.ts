import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a table adds to `storage_usage`. */
interface Counted {
  table: string;
  /** SQL over its columns. */
  kind: string;
  bytes: string;
  objects: string;
}

const COUNTED: Counted[] = [
  { table: 'footage_segments', kind: `'continuous'`, bytes: 'size_bytes', objects: '1' },
  {
    table: 'playbacks',
    kind: 'kind',
    bytes: 'coalesce(file_size_bytes, 0)',
    objects: 'CASE WHEN file_size_bytes IS NULL THEN 0 ELSE 1 END',
  },
];

/**
 * How long what is kept, and how much there is of it. The counts are kept by triggers: whoever writes a row, or deletes one with its camera,
 * counts it in the same statement, so that they are right at every commit. A pin waits for a deletion of its camera by a trigger, too.
 */
export class AddRetention1795000000013 implements MigrationInterface {
  readonly name = 'AddRetention1795000000013';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.addTables(queryRunner);
    for (const counted of COUNTED) await this.count(queryRunner, counted);
    await queryRunner.query(`
      CREATE TABLE playback_locks (
        id UUID NOT NULL DEFAULT gen_random_uuid(),
        playback_id UUID NOT NULL CONSTRAINT playback_locks_playback_id_fkey REFERENCES playbacks (id) ON DELETE RESTRICT,
        until_at TIMESTAMPTZ(3),
        note TEXT,
        created_by UUID,
        created_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
        CONSTRAINT playback_locks_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query('CREATE INDEX idx_playback_locks_playback ON playback_locks (playback_id)');
    // Shared: pins need not wait for each other. Whoever deletes takes the same lock exclusively.
    await queryRunner.query(`
      CREATE FUNCTION wait_for_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('keeping:' || NEW.camera_id, 0));
        RETURN NEW;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER footage_pins_wait BEFORE INSERT OR UPDATE ON footage_pins
         FOR EACH ROW EXECUTE FUNCTION wait_for_deletion()`);
    await queryRunner.query(`
      CREATE FUNCTION wait_for_deletion_of_playback() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('keeping:' || camera_id, 0))
           FROM playbacks WHERE id = NEW.playback_id;
        RETURN NEW;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER playback_locks_wait BEFORE INSERT OR UPDATE ON playback_locks
         FOR EACH ROW EXECUTE FUNCTION wait_for_deletion_of_playback()`);
  }

  private async addTables(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE retention_policies (
        id UUID NOT NULL DEFAULT gen_random_uuid(),
        camera_id UUID CONSTRAINT retention_policies_camera_id_fkey REFERENCES cameras (id) ON DELETE CASCADE,
        kind VARCHAR(12) NOT NULL,
        days INT,
        max_bytes BIGINT,
        keep_days INT,
        CONSTRAINT retention_policies_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query(
      'CREATE UNIQUE INDEX idx_retention_policies_camera ON retention_policies (camera_id, kind) WHERE camera_id IS NOT NULL',
    );
    await queryRunner.query(
      'CREATE UNIQUE INDEX idx_retention_policies_kind ON retention_policies (kind) WHERE camera_id IS NULL',
    );
    await queryRunner.query(`
      CREATE TABLE retention_state (
        camera_id UUID NOT NULL CONSTRAINT retention_state_camera_id_fkey REFERENCES cameras (id) ON DELETE CASCADE,
        checked_at TIMESTAMPTZ(3) NOT NULL,
        CONSTRAINT retention_state_pkey PRIMARY KEY (camera_id)
      )`);
    await queryRunner.query('CREATE INDEX idx_retention_state_checked ON retention_state (checked_at)');
    // Without a foreign key: when a camera's row goes, its own rows are still counted down afterwards.
    await queryRunner.query(`
      CREATE TABLE storage_usage (
        camera_id UUID NOT NULL,
        kind VARCHAR(12) NOT NULL,
        bytes BIGINT NOT NULL,
        objects BIGINT NOT NULL,
        CONSTRAINT storage_usage_pkey PRIMARY KEY (camera_id, kind)
      )`);
    await queryRunner.query(`
      CREATE TABLE storage_shortages (
        place VARCHAR(20) NOT NULL,
        short_bytes BIGINT NOT NULL,
        since TIMESTAMPTZ(3) NOT NULL,
        CONSTRAINT storage_shortages_pkey PRIMARY KEY (place)
      )`);
  }

  private async count(queryRunner: QueryRunner, { table, kind, bytes, objects }: Counted): Promise<void> {
    const rows = (from: string, sign: 1 | -1) =>
      `SELECT camera_id, ${kind} AS kind, ${sign} * (${bytes}) AS bytes, ${sign} * (${objects}) AS objects FROM ${from}`;
    // In the order of their keys: two statements that count the same rows must not wait for each other.
    const add = (changes: string) => `
      INSERT INTO storage_usage AS u (camera_id, kind, bytes, objects)
      SELECT camera_id, kind, sum(bytes), sum(objects) FROM (${changes}) change
       GROUP BY camera_id, kind HAVING sum(bytes) <> 0 OR sum(objects) <> 0 ORDER BY camera_id, kind
          ON CONFLICT (camera_id, kind)
          DO UPDATE SET bytes = u.bytes + excluded.bytes, objects = u.objects + excluded.objects`;
    // Nothing is written between the count and the triggers.
    await queryRunner.query(`LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`);
    await queryRunner.query(add(rows(table, 1)));
    await queryRunner.query(`
      CREATE FUNCTION count_${table}() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'INSERT' THEN ${add(rows('came', 1))};
        ELSIF TG_OP = 'DELETE' THEN ${add(rows('went', -1))};
        ELSE ${add(`${rows('came', 1)} UNION ALL ${rows('went', -1)}`)};
        END IF;
        RETURN NULL;
      END $$`);
    for (const [operation, tables] of Object.entries({
      INSERT: 'NEW TABLE AS came',
      UPDATE: 'NEW TABLE AS came OLD TABLE AS went',
      DELETE: 'OLD TABLE AS went',
    })) {
      await queryRunner.query(`
        CREATE TRIGGER ${table}_count_${operation.toLowerCase()} AFTER ${operation} ON ${table}
        REFERENCING ${tables} FOR EACH STATEMENT EXECUTE FUNCTION count_${table}()`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const { table } of COUNTED) await queryRunner.query(`DROP FUNCTION count_${table} CASCADE`);
    await queryRunner.query('DROP FUNCTION wait_for_deletion, wait_for_deletion_of_playback CASCADE');
    for (const table of [
      'playback_locks',
      'storage_shortages',
      'storage_usage',
      'retention_state',
      'retention_policies',
    ]) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
  }
}
