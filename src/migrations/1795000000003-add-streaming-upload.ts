import type { MigrationInterface, QueryRunner } from 'typeorm';

const PLAYBACK_COLUMNS = [
  ['digest', 'VARCHAR(120)'],
  ['first_fragment', 'VARCHAR(120)'],
  ['upload_safe_bytes', 'BIGINT'],
  ['upload_pending_bytes', 'BIGINT'],
  ['upload_at_risk_bytes', 'BIGINT'],
] as const;

/** Uploads that go on while an event does, and what players need of an object beside its bytes. */
export class AddStreamingUpload1795000000003 implements MigrationInterface {
  readonly name = 'AddStreamingUpload1795000000003';

  async up(queryRunner: QueryRunner): Promise<void> {
    const added = PLAYBACK_COLUMNS.map(([name, type]) => `ADD COLUMN ${name} ${type}`);
    await queryRunner.query(`ALTER TABLE playbacks ${added.join(', ')}`);
    await queryRunner.query(`UPDATE playbacks SET digest = 'sha256:' || sha256 WHERE sha256 IS NOT NULL`);
    await queryRunner.query(`
      CREATE TABLE uploads (
        playback_id UUID CONSTRAINT uploads_pkey PRIMARY KEY
          CONSTRAINT uploads_playback_id_fkey REFERENCES playbacks (id) ON DELETE CASCADE,
        key VARCHAR(200) NOT NULL,
        upload_id TEXT NOT NULL,
        token VARCHAR(64) NOT NULL,
        part_size_bytes INT NOT NULL,
        completing JSONB,
        created_at TIMESTAMPTZ(3) NOT NULL DEFAULT now()
      )`);
    await queryRunner.query(`
      CREATE TABLE upload_parts (
        playback_id UUID NOT NULL CONSTRAINT upload_parts_playback_id_fkey REFERENCES uploads (playback_id) ON DELETE CASCADE,
        number INT NOT NULL,
        etag VARCHAR(120) NOT NULL,
        sha256 VARCHAR(64) NOT NULL,
        size_bytes INT NOT NULL,
        fragments JSONB NOT NULL,
        CONSTRAINT upload_parts_pkey PRIMARY KEY (playback_id, number)
      )`);
    await queryRunner.query(`
      CREATE TABLE upload_captures (
        playback_id UUID NOT NULL CONSTRAINT upload_captures_playback_id_fkey REFERENCES uploads (playback_id) ON DELETE CASCADE,
        capture_id VARCHAR(60) NOT NULL,
        init BYTEA NOT NULL,
        meta JSONB NOT NULL,
        CONSTRAINT upload_captures_pkey PRIMARY KEY (playback_id, capture_id)
      )`);
    await queryRunner.query(`
      CREATE TABLE playback_media (
        playback_id UUID CONSTRAINT playback_media_pkey PRIMARY KEY
          CONSTRAINT playback_media_playback_id_fkey REFERENCES playbacks (id) ON DELETE CASCADE,
        stream JSONB,
        info JSONB,
        thumbnail_at TIMESTAMPTZ(3),
        sprite JSONB
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['playback_media', 'upload_captures', 'upload_parts', 'uploads']) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
    const dropped = PLAYBACK_COLUMNS.map(([name]) => `DROP COLUMN ${name}`);
    await queryRunner.query(`ALTER TABLE playbacks ${dropped.join(', ')}`);
  }
}
