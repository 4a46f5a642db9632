import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { createLogger } from '../../src/common/logging.js';
import { dataSourceOptions, migrate } from '../../src/modules/database/data-source.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/modules/database/embedded-postgres.process.js';
import { TEMPLATE_DATABASE, withDatabase } from './database-url.js';

interface Services {
  postgres: EmbeddedPostgres | undefined;
  dir: string;
}

declare global {
  var hindsightTestServices: Services | undefined;
}

/**
 * One PostgreSQL for the whole run, with a migrated template from which each test makes its own database in milliseconds.
 * TEST_DATABASE_URL names an outside server to use instead of the embedded one.
 */
export async function startServices(): Promise<void> {
  if (globalThis.hindsightTestServices) return;
  const dir = await mkdtemp(join(tmpdir(), 'hindsight-test-'));
  const outside = process.env['TEST_DATABASE_URL'];
  const postgres = outside ? undefined : await startEmbeddedPostgres(join(dir, 'postgres'), createLogger('warn'));
  const url = outside ?? postgres!.url;
  globalThis.hindsightTestServices = { postgres, dir };
  process.env['HINDSIGHT_TEST_POSTGRES'] = url;
  const admin = await new DataSource(dataSourceOptions(url)).initialize();
  await admin.query(`DROP DATABASE IF EXISTS ${TEMPLATE_DATABASE}`);
  await admin.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
  await admin.destroy();
  const template = await new DataSource(dataSourceOptions(withDatabase(url, TEMPLATE_DATABASE))).initialize();
  await migrate(template);
  await template.destroy();
}

export async function stopServices(): Promise<void> {
  const services = globalThis.hindsightTestServices;
  if (!services) return;
  globalThis.hindsightTestServices = undefined;
  await services.postgres?.stop();
  await rm(services.dir, { recursive: true, force: true });
}
