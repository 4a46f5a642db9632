import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Exports are playbacks that nobody records: how far one is stands beside the progress of recordings. The sums of statistics leave exports
 * out, since their footage was recorded once already; they go on reading nothing but the index.
 */
export class AddExports1795000000014 implements MigrationInterface {
  readonly name = 'AddExports1795000000014';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE playback_progress ADD export_phase VARCHAR(10)');
    await queryRunner.query('ALTER TABLE playback_progress ADD export_done_bytes BIGINT');
    await queryRunner.query('ALTER TABLE playback_progress ADD export_total_bytes BIGINT');
    await queryRunner.query('DROP INDEX idx_playbacks_camera_range');
    await queryRunner.query(`
      CREATE INDEX idx_playbacks_camera_range
        ON playbacks (camera_id, range_start_at, recording_status, stored_ms, file_size_bytes, kind)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX idx_playbacks_camera_range');
    await queryRunner.query(`
      CREATE INDEX idx_playbacks_camera_range
        ON playbacks (camera_id, range_start_at, recording_status, stored_ms, file_size_bytes)`);
    for (const column of ['export_total_bytes', 'export_done_bytes', 'export_phase'])
      await queryRunner.query(`ALTER TABLE playback_progress DROP COLUMN ${column}`);
  }
}
