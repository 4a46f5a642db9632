import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/schema/data-source.js';
import { TEMPLATE_DATABASE, withDatabase } from './database-url.js';

export interface TestDatabase {
  dataSource: DataSource;
  url: string;
  /** Closes the connection and drops the database, whoever is still connected. */
  drop(): Promise<void>;
}

/** A database of the test's own: migrated, or empty when `migrated` is false. */
export async function createTestDatabase({ migrated = true } = {}): Promise<TestDatabase> {
  const server = process.env['HINDSIGHT_TEST_POSTGRES'];
  if (!server)
    throw new Error('no test PostgreSQL: this test belongs to a Jest project with services (medium, e2e, faults)');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(server, `CREATE DATABASE ${name} ${migrated ? `TEMPLATE ${TEMPLATE_DATABASE}` : ''}`);
  const url = withDatabase(server, name);
  const dataSource = await new DataSource(dataSourceOptions(url)).initialize();
  return {
    dataSource,
    url,
    drop: async () => {
      if (dataSource.isInitialized) await dataSource.destroy();
      await administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** Over a connection that is closed again: one that stays open keeps Jest from its end when a test forgets its database. */
async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client(server);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
