import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which stream of the camera was interrupted. Recorders that know no streams capture the main one: the default speaks for them. */
export class NameTheStreamOfInterruptions1795000000006 implements MigrationInterface {
  readonly name = 'NameTheStreamOfInterruptions1795000000006';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("ALTER TABLE interruptions ADD COLUMN stream varchar(10) NOT NULL DEFAULT 'main'");
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE interruptions DROP COLUMN stream');
  }
}
