import type { MigrationInterface, QueryRunner } from 'typeorm';

/** [table, column, type] of instants that get millisecond precision, as the API shows them. */
const INSTANTS = [
  ['users', 'created_at'],
  ['cameras', 'created_at'],
  ['cameras', 'updated_at'],
  ['events', 'occurred_at'],
  ['events', 'ended_at'],
  ['events', 'created_at'],
  ['playbacks', 'started_at'],
  ['playbacks', 'ended_at'],
  ['playbacks', 'created_at'],
] as const;

const CAMERA_COLUMNS = [
  ['onvif_password_sealed', 'TEXT'],
  ['onvif_profile_token', 'VARCHAR(255)'],
  ['rtsp_username', 'VARCHAR(255)'],
  ['rtsp_password_sealed', 'TEXT'],
  ['record_on', `VARCHAR(50)[] NOT NULL DEFAULT '{MOTION}'`],
  ['pre_roll_sec', 'INT NOT NULL DEFAULT 0'],
  ['post_roll_sec', 'INT NOT NULL DEFAULT 0'],
  ['max_recording_sec', 'INT NOT NULL DEFAULT 300'],
  ['record_audio', 'BOOLEAN NOT NULL DEFAULT true'],
  ['deleted_at', 'TIMESTAMPTZ(3)'],
] as const;

const EVENT_COLUMNS = [
  ['recording_decision', `VARCHAR(20) NOT NULL DEFAULT 'not_requested'`],
  ['recording_reason', 'TEXT'],
] as const;

const PLAYBACK_COLUMNS = [
  ['range_start_at', 'TIMESTAMPTZ(3)'],
  ['range_end_at', 'TIMESTAMPTZ(3)'],
  ['deadline_at', 'TIMESTAMPTZ(3)'],
  ['end_reason', 'VARCHAR(30)'],
  ['failure_code', 'VARCHAR(60)'],
  ['failure_message', 'TEXT'],
  ['node_id', 'UUID'],
  ['expected_ms', 'BIGINT'],
  ['stored_ms', 'BIGINT'],
  ['gaps', `JSONB NOT NULL DEFAULT '[]'`],
  ['progress_bytes', 'BIGINT'],
  ['progress_duration_ms', 'BIGINT'],
  ['progress_frames', 'BIGINT'],
  ['progress_fps', 'REAL'],
  ['progress_bitrate_kbps', 'REAL'],
  ['duration_ms', 'BIGINT'],
  ['sha256', 'VARCHAR(64)'],
  ['object_key', 'VARCHAR(200)'],
  ['finalise_attempts', 'INT NOT NULL DEFAULT 0'],
  ['retry_reason', 'TEXT'],
  ['retry_at', 'TIMESTAMPTZ(3)'],
] as const;

/** What a recording needs beyond the upgrade: its range, its failure, its ledger, its progress; and the lists' indexes. */
export class AddRecordingLifecycle1795000000000 implements MigrationInterface {
  readonly name = 'AddRecordingLifecycle1795000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE users DROP CONSTRAINT IF EXISTS users_username_key');
    await queryRunner.query('CREATE UNIQUE INDEX users_username_key ON users (username)');
    for (const [table, column] of INSTANTS) {
      await queryRunner.query(`ALTER TABLE ${table} ALTER COLUMN ${column} TYPE TIMESTAMPTZ(3)`);
    }
    await queryRunner.query(`ALTER TABLE cameras ${addColumns(CAMERA_COLUMNS)}`);
    await queryRunner.query('ALTER TABLE events ALTER COLUMN occurred_at DROP DEFAULT');
    await queryRunner.query(`ALTER TABLE events ${addColumns(EVENT_COLUMNS)}`);
    await queryRunner.query(`ALTER TABLE playbacks ${addColumns(PLAYBACK_COLUMNS)}`);
    // Viewing sessions of the previous design hold no video and never will: nothing must wait for them.
    await queryRunner.query(`
      UPDATE playbacks SET recording_status = 'FAILED', failure_code = 'PLAYBACK.VIEWING_SESSION',
        failure_message = 'This row is a viewing session of the previous version; it never held a recording.'
        WHERE recording_status = 'PENDING' AND range_start_at IS NULL`);
    await queryRunner.query(`
      CREATE TABLE idempotency_keys (
        user_id UUID NOT NULL,
        key VARCHAR(255) NOT NULL,
        request_hash VARCHAR(64) NOT NULL,
        response JSONB NOT NULL,
        created_at TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
        CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key)
      )`);
    await queryRunner.query('CREATE INDEX idx_idempotency_keys_created ON idempotency_keys (created_at)');
    await queryRunner.query(`
      CREATE TABLE interruptions (
        id UUID NOT NULL DEFAULT gen_random_uuid(),
        camera_id UUID NOT NULL CONSTRAINT interruptions_camera_id_fkey REFERENCES cameras (id) ON DELETE CASCADE,
        started_at TIMESTAMPTZ(3) NOT NULL,
        ended_at TIMESTAMPTZ(3),
        cause VARCHAR(30) NOT NULL,
        detail TEXT NOT NULL,
        CONSTRAINT interruptions_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query('CREATE INDEX idx_interruptions_camera_started ON interruptions (camera_id, started_at)');
    await queryRunner.query('CREATE INDEX idx_events_camera_occurred ON events (camera_id, occurred_at, id)');
    await queryRunner.query('CREATE INDEX idx_events_occurred ON events (occurred_at, id)');
    await queryRunner.query('CREATE INDEX idx_playbacks_created ON playbacks (created_at, id)');
    await queryRunner.query('CREATE INDEX idx_playbacks_camera_created ON playbacks (camera_id, created_at, id)');
    await queryRunner.query(
      'CREATE INDEX idx_playbacks_status_created ON playbacks (recording_status, created_at, id)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const indexes = ['playbacks_status_created', 'playbacks_camera_created', 'playbacks_created', 'events_occurred'];
    for (const name of [...indexes, 'events_camera_occurred']) await queryRunner.query(`DROP INDEX idx_${name}`);
    await queryRunner.query('DROP TABLE interruptions');
    await queryRunner.query('DROP TABLE idempotency_keys');
    await queryRunner.query(`
      UPDATE playbacks SET recording_status = 'PENDING' WHERE failure_code = 'PLAYBACK.VIEWING_SESSION'`);
    await queryRunner.query(`ALTER TABLE playbacks ${dropColumns(PLAYBACK_COLUMNS)}`);
    await queryRunner.query(`ALTER TABLE events ${dropColumns(EVENT_COLUMNS)}`);
    await queryRunner.query('ALTER TABLE events ALTER COLUMN occurred_at SET DEFAULT now()');
    await queryRunner.query(`ALTER TABLE cameras ${dropColumns(CAMERA_COLUMNS)}`);
    for (const [table, column] of INSTANTS) {
      await queryRunner.query(`ALTER TABLE ${table} ALTER COLUMN ${column} TYPE TIMESTAMPTZ`);
    }
    await queryRunner.query('DROP INDEX users_username_key');
    await queryRunner.query('ALTER TABLE users ADD CONSTRAINT users_username_key UNIQUE (username)');
  }
}

type Columns = readonly (readonly [name: string, type: string])[];

function addColumns(columns: Columns): string {
  return columns.map(([name, type]) => `ADD COLUMN ${name} ${type}`).join(', ');
}

function dropColumns(columns: Columns): string {
  return columns.map(([name]) => `DROP COLUMN ${name}`).join(', ');
}
