import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a sender whose clock is ahead gave as the event's time; the moment of receipt stands in `occurred_at` then. */
export class AddEventReportedAt1795000000005 implements MigrationInterface {
  readonly name = 'AddEventReportedAt1795000000005';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE events ADD COLUMN reported_at timestamptz(3)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE events DROP COLUMN reported_at');
  }
}
