import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Why a playback was made: an event asked for it, somebody by hand, a schedule, or it is an export of footage that was there. */
export class AddPlaybackKind1795000000011 implements MigrationInterface {
  readonly name = 'AddPlaybackKind1795000000011';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE playbacks ADD kind VARCHAR(10) NOT NULL DEFAULT 'event'`);
    await queryRunner.query(`UPDATE playbacks SET kind = 'manual' WHERE event_id IS NULL`);
    await queryRunner.query('CREATE INDEX idx_playbacks_kind_created ON playbacks (kind, created_at, id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE playbacks DROP COLUMN kind');
  }
}
