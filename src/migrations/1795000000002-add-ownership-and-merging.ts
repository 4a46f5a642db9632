import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Several recorders on one database, events that share a playback, what a camera was last seen doing. */
export class AddOwnershipAndMerging1795000000002 implements MigrationInterface {
  readonly name = 'AddOwnershipAndMerging1795000000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE cameras ADD COLUMN overlap_policy VARCHAR(10) NOT NULL DEFAULT 'parallel'`);
    await queryRunner.query(`
      ALTER TABLE events ADD COLUMN playback_id UUID,
        ADD CONSTRAINT events_playback_id_fkey FOREIGN KEY (playback_id) REFERENCES playbacks (id) ON DELETE SET NULL`);
    await queryRunner.query('UPDATE events e SET playback_id = p.id FROM playbacks p WHERE p.event_id = e.id');
    await queryRunner.query('CREATE INDEX idx_events_playback ON events (playback_id)');
    await queryRunner.query(`
      ALTER TABLE playbacks ADD COLUMN footage_nodes UUID[] NOT NULL DEFAULT '{}', ADD COLUMN assembly VARCHAR(20)`);
    await queryRunner.query('UPDATE playbacks SET footage_nodes = ARRAY[node_id] WHERE node_id IS NOT NULL');
    await queryRunner.query(
      'CREATE INDEX idx_playbacks_node_local ON playbacks (node_id) WHERE local_path IS NOT NULL',
    );
    await queryRunner.query(`
      CREATE TABLE recorders (
        id UUID CONSTRAINT recorders_pkey PRIMARY KEY,
        home_dir TEXT NOT NULL,
        host VARCHAR(255) NOT NULL,
        started_at TIMESTAMPTZ(3) NOT NULL
      )`);
    await queryRunner.query(`
      CREATE TABLE camera_status (
        camera_id UUID CONSTRAINT camera_status_pkey PRIMARY KEY
          CONSTRAINT camera_status_camera_id_fkey REFERENCES cameras (id) ON DELETE CASCADE,
        node_id UUID,
        state VARCHAR(20) NOT NULL,
        since TIMESTAMPTZ(3) NOT NULL,
        last_error_code VARCHAR(60),
        last_error_message TEXT,
        last_error_at TIMESTAMPTZ(3)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE camera_status');
    await queryRunner.query('DROP TABLE recorders');
    await queryRunner.query('DROP INDEX idx_playbacks_node_local');
    await queryRunner.query('ALTER TABLE playbacks DROP COLUMN assembly, DROP COLUMN footage_nodes');
    await queryRunner.query('DROP INDEX idx_events_playback');
    await queryRunner.query('ALTER TABLE events DROP CONSTRAINT events_playback_id_fkey, DROP COLUMN playback_id');
    await queryRunner.query('ALTER TABLE cameras DROP COLUMN overlap_policy');
  }
}
