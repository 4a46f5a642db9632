import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Until now MOTION recorded whatever `record_on` held; from now on only what is in it records, so that an empty list records nothing.
 * Cameras that are there keep doing what they did: MOTION is put into the lists that lack it. Backwards the lists stay as they are:
 * the older version records MOTION with it and without it.
 *
 * `enabled` is new: cameras are armed, as they were. The older version does not know the column, so backwards every camera is armed again.
 */
export class RecordOnSaysWhatRecords1795000000004 implements MigrationInterface {
  readonly name = 'RecordOnSaysWhatRecords1795000000004';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `UPDATE cameras SET record_on = array_prepend('MOTION'::varchar, record_on) WHERE NOT 'MOTION' = ANY (record_on)`,
    );
    await queryRunner.query('ALTER TABLE cameras ADD COLUMN enabled BOOLEAN NOT NULL DEFAULT true');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE cameras DROP COLUMN enabled');
  }
}
