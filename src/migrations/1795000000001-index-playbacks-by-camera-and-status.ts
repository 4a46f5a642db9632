import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The list of one camera's playbacks in a rare status must not walk all of that camera's rows. */
export class IndexPlaybacksByCameraAndStatus1795000000001 implements MigrationInterface {
  readonly name = 'IndexPlaybacksByCameraAndStatus1795000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE INDEX idx_playbacks_camera_status_created ON playbacks (camera_id, recording_status, created_at, id)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX idx_playbacks_camera_status_created');
  }
}
