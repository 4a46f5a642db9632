import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What has been wrong for longer than it should be. `subject` says in one word what it is about: in a unique index no null equals another. */
export class AddIncidents1795000000009 implements MigrationInterface {
  readonly name = 'AddIncidents1795000000009';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE incidents (
        id UUID NOT NULL DEFAULT gen_random_uuid(),
        kind VARCHAR(40) NOT NULL,
        subject VARCHAR(150) NOT NULL,
        camera_id UUID CONSTRAINT incidents_camera_id_fkey REFERENCES cameras (id) ON DELETE CASCADE,
        playback_id UUID CONSTRAINT incidents_playback_id_fkey REFERENCES playbacks (id) ON DELETE CASCADE,
        node_id UUID,
        detail TEXT NOT NULL,
        began_at TIMESTAMPTZ(3) NOT NULL,
        opened_at TIMESTAMPTZ(3) NOT NULL,
        seen_at TIMESTAMPTZ(3) NOT NULL,
        ended_at TIMESTAMPTZ(3),
        CONSTRAINT incidents_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query(
      'CREATE UNIQUE INDEX idx_incidents_open ON incidents (kind, subject) WHERE ended_at IS NULL',
    );
    await queryRunner.query('CREATE INDEX idx_incidents_began ON incidents (began_at, id)');
    await queryRunner.query('CREATE INDEX idx_incidents_camera_began ON incidents (camera_id, began_at, id)');
    await queryRunner.query('CREATE INDEX idx_incidents_playback ON incidents (playback_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE incidents');
  }
}
