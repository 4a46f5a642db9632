import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The schema of the previous design, in which `playbacks` were viewing sessions. It stands here so that an empty database
 * and a database of that design take the same way from here on; tables that exist already are left as they are.
 */
export class CreatePreviousSchema1700000000000 implements MigrationInterface {
  readonly name = 'CreatePreviousSchema1700000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS users (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        username VARCHAR(100) NOT NULL,
        password_hash VARCHAR(255) NOT NULL,
        role VARCHAR(20) NOT NULL DEFAULT 'VIEWER',
        created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        CONSTRAINT users_username_key UNIQUE (username)
      )`);
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS cameras (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        name VARCHAR(100) NOT NULL,
        onvif_host VARCHAR(255),
        onvif_port INT,
        onvif_username VARCHAR(255),
        rtsp_url VARCHAR(1000),
        created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
      )`);
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS events (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        camera_id UUID NOT NULL REFERENCES cameras (id) ON DELETE CASCADE,
        type VARCHAR(50) NOT NULL,
        description TEXT,
        occurred_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        ended_at TIMESTAMPTZ,
        metadata JSONB NOT NULL DEFAULT '{}',
        created_at TIMESTAMPTZ NOT NULL DEFAULT now()
      )`);
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS playbacks (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        camera_id UUID NOT NULL REFERENCES cameras (id) ON DELETE CASCADE,
        recording_id UUID,
        user_id UUID,
        status VARCHAR(20) NOT NULL DEFAULT 'active',
        position INT NOT NULL DEFAULT 0,
        speed REAL NOT NULL DEFAULT 1,
        stream_url VARCHAR(500),
        protocol VARCHAR(20),
        current_position_sec INT NOT NULL DEFAULT 0,
        username VARCHAR(100),
        user_agent VARCHAR(500),
        client_ip VARCHAR(64),
        error_message TEXT,
        started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        ended_at TIMESTAMPTZ,
        created_at TIMESTAMPTZ NOT NULL DEFAULT now()
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['playbacks', 'events', 'cameras', 'users'])
      await queryRunner.query(`DROP TABLE IF EXISTS ${table}`);
  }
}
