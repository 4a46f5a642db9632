import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The columns of a viewing session, with their types in the previous design. */
const VIEWING_SESSION_COLUMNS = [
  ['recording_id', 'UUID'],
  ['user_id', 'UUID'],
  ['status', `VARCHAR(20) NOT NULL DEFAULT 'active'`],
  ['position', 'INT NOT NULL DEFAULT 0'],
  ['speed', 'REAL NOT NULL DEFAULT 1'],
  ['stream_url', 'VARCHAR(500)'],
  ['protocol', 'VARCHAR(20)'],
  ['current_position_sec', 'INT NOT NULL DEFAULT 0'],
  ['username', 'VARCHAR(100)'],
  ['user_agent', 'VARCHAR(500)'],
  ['client_ip', 'VARCHAR(64)'],
  ['error_message', 'TEXT'],
] as const;
const NAMES = VIEWING_SESSION_COLUMNS.map(([name]) => name);

/**
 * Turns `playbacks` from viewing sessions into recordings, in place. What the dropped columns held is kept beside the table,
 * so that `down` gives every old row back as it was.
 */
export class AddEventTriggeredRecording1730000000000 implements MigrationInterface {
  readonly name = 'AddEventTriggeredRecording1730000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE playbacks_viewing_sessions AS
        SELECT id, started_at, ${NAMES.join(', ')} FROM playbacks`);
    await queryRunner.query(`
      ALTER TABLE playbacks
        ${NAMES.map((name) => `DROP COLUMN ${name}`).join(', ')},
        ALTER COLUMN started_at DROP NOT NULL,
        ALTER COLUMN started_at DROP DEFAULT,
        ADD COLUMN event_id UUID CONSTRAINT playbacks_event_id_fkey REFERENCES events (id) ON DELETE SET NULL,
        ADD COLUMN recording_status VARCHAR(20) NOT NULL DEFAULT 'PENDING',
        ADD COLUMN video_url VARCHAR(500),
        ADD COLUMN local_path VARCHAR(500),
        ADD COLUMN file_size_bytes BIGINT,
        ADD COLUMN duration_sec INT,
        ADD COLUMN codec VARCHAR(50),
        ADD COLUMN resolution VARCHAR(50)`);
    await queryRunner.query('CREATE INDEX idx_playbacks_event ON playbacks (event_id)');
    await queryRunner.query('CREATE INDEX idx_playbacks_recording_status ON playbacks (recording_status)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX idx_playbacks_recording_status');
    await queryRunner.query('DROP INDEX idx_playbacks_event');
    await queryRunner.query(`
      ALTER TABLE playbacks
        DROP COLUMN event_id, DROP COLUMN recording_status, DROP COLUMN video_url, DROP COLUMN local_path,
        DROP COLUMN file_size_bytes, DROP COLUMN duration_sec, DROP COLUMN codec, DROP COLUMN resolution,
        ${VIEWING_SESSION_COLUMNS.map(([name, type]) => `ADD COLUMN ${name} ${type}`).join(', ')}`);
    await queryRunner.query(`
      UPDATE playbacks p SET started_at = s.started_at, ${NAMES.map((name) => `${name} = s.${name}`).join(', ')}
        FROM playbacks_viewing_sessions s WHERE s.id = p.id`);
    await queryRunner.query('UPDATE playbacks SET started_at = created_at WHERE started_at IS NULL');
    await queryRunner.query(`
      ALTER TABLE playbacks ALTER COLUMN started_at SET DEFAULT now(), ALTER COLUMN started_at SET NOT NULL`);
    await queryRunner.query('DROP TABLE playbacks_viewing_sessions');
  }
}
