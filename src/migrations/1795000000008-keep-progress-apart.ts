import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Each column of `playback_progress`, its type, and its name in `playbacks` until now. */
const COLUMNS = [
  ['bytes', 'BIGINT', 'progress_bytes'],
  ['duration_ms', 'BIGINT', 'progress_duration_ms'],
  ['frames', 'BIGINT', 'progress_frames'],
  ['fps', 'REAL', 'progress_fps'],
  ['bitrate_kbps', 'REAL', 'progress_bitrate_kbps'],
  ['upload_safe_bytes', 'BIGINT', 'upload_safe_bytes'],
  ['upload_pending_bytes', 'BIGINT', 'upload_pending_bytes'],
  ['upload_at_risk_bytes', 'BIGINT', 'upload_at_risk_bytes'],
] as const;

const list = (column: (names: (typeof COLUMNS)[number]) => string) => COLUMNS.map(column).join(', ');

/**
 * Progress in a narrow table of its own, and an index by which a recorder finds its unfinished recordings. Half of each page of the table
 * stays empty: all rows of a page can be written anew at the same time without another page, and without touching the index.
 */
export class KeepProgressApart1795000000008 implements MigrationInterface {
  readonly name = 'KeepProgressApart1795000000008';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE playback_progress (
        playback_id UUID CONSTRAINT playback_progress_pkey PRIMARY KEY
          CONSTRAINT playback_progress_playback_id_fkey REFERENCES playbacks (id) ON DELETE CASCADE,
        ${list(([name, type]) => `${name} ${type}`)}
      ) WITH (fillfactor = 50)`);
    await queryRunner.query(`
      INSERT INTO playback_progress (playback_id, ${list(([name]) => name)})
        SELECT id, ${list(([, , before]) => before)} FROM playbacks
         WHERE num_nonnulls(${list(([, , before]) => before)}) > 0`);
    await queryRunner.query(`ALTER TABLE playbacks ${list(([, , before]) => `DROP COLUMN ${before}`)}`);
    await queryRunner.query(`
      CREATE INDEX idx_playbacks_unfinished_node ON playbacks (node_id, recording_status)
        WHERE recording_status IN ('PENDING', 'RECORDING', 'PROCESSING')`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX idx_playbacks_unfinished_node');
    await queryRunner.query(`ALTER TABLE playbacks ${list(([, type, before]) => `ADD COLUMN ${before} ${type}`)}`);
    await queryRunner.query(`
      UPDATE playbacks p SET ${list(([name, , before]) => `${before} = progress.${name}`)}
        FROM playback_progress progress WHERE progress.playback_id = p.id`);
    await queryRunner.query('DROP TABLE playback_progress');
  }
}
