import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Statistics count recordings by where their wanted range begins. The first index holds all that is counted, so that the table itself is
 * not read. The second one finds the few rows of which something is missing.
 */
export class IndexPlaybacksByRange1795000000007 implements MigrationInterface {
  readonly name = 'IndexPlaybacksByRange1795000000007';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE INDEX idx_playbacks_camera_range
        ON playbacks (camera_id, range_start_at, recording_status, stored_ms, file_size_bytes)`);
    await queryRunner.query(`
      CREATE INDEX idx_playbacks_gaps ON playbacks (camera_id, range_start_at) WHERE gaps <> '[]'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX idx_playbacks_gaps');
    await queryRunner.query('DROP INDEX idx_playbacks_camera_range');
  }
}
