import { expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { dataSourceOptions } from '../../../src/schema/data-source.js';
import { createTestDatabase } from '../../support/database.js';
import { QueryLog } from '../../support/query-log.js';

it('a watched DataSource tells its statements, and outlives a database that is dropped under its open connection', async () => {
  const database = await createTestDatabase();
  const queries = new QueryLog();
  const watched = await new DataSource({ ...dataSourceOptions(database.url, 1), logger: queries }).initialize();
  queries.take();
  await watched.query('SELECT $1::int AS one', [1]);
  expect(queries.take()).toEqual([{ sql: 'SELECT $1::int AS one', parameters: [1] }]);

  const pool = (watched.driver as PostgresDriver).master as Pool;
  const ended = new Promise((resolve) => pool.once('remove', resolve));
  await database.drop();
  await ended;
  await watched.destroy();
});
