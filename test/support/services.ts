import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { createLogger } from '../../src/common/logging.js';
import { dataSourceOptions, migrate } from '../../src/schema/data-source.js';
import { migrateQueue } from '../../src/modules/jobs/graphile.queue.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/modules/database/embedded-postgres.process.js';
import { TEMPLATE_DATABASE, withDatabase } from './database-url.js';
import { TIMES_FILE } from './lanes/file-times.mjs';
import { LaneServer } from './lanes/lane-server.mjs';
import { findLeftovers } from './leftovers.js';
import { findLeakedSecrets } from './secrets.js';
import { prepareClips } from './prepare-clips.js';
import { openTestRun, type TestRun } from './test-run.js';

interface Services {
  postgres: EmbeddedPostgres | undefined;
  run: TestRun;
  lanes: LaneServer;
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
  await prepareClips();
  const run = await openTestRun();
  const outside = process.env['TEST_DATABASE_URL'];
  const postgres = outside ? undefined : await startEmbeddedPostgres(join(run.dir, 'postgres'), createLogger('warn'));
  const url = outside ?? postgres!.url;
  const lanes = new LaneServer();
  process.env['HINDSIGHT_TEST_LANES'] = join(run.dir, 'lanes.sock');
  await lanes.listen(process.env['HINDSIGHT_TEST_LANES']);
  globalThis.hindsightTestServices = { postgres, run, lanes };
  process.env['HINDSIGHT_TEST_POSTGRES'] = url;
  const admin = await new DataSource(dataSourceOptions(url)).initialize();
  await admin.query(`DROP DATABASE IF EXISTS ${TEMPLATE_DATABASE}`);
  await admin.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
  await admin.destroy();
  const template = await new DataSource(dataSourceOptions(withDatabase(url, TEMPLATE_DATABASE))).initialize();
  await migrate(template);
  await migrateQueue(template);
  await template.destroy();
}

/** Ends the run; fails it when it has left something behind, or a secret in a log. */
export async function stopServices(): Promise<void> {
  const services = globalThis.hindsightTestServices;
  if (!services) return;
  globalThis.hindsightTestServices = undefined;
  const { postgres, run, lanes } = services;
  await lanes.close(TIMES_FILE);
  await postgres?.stop();
  const faults = [...(await findLeftovers(run)), ...(await findLeakedSecrets(run))];
  await rm(run.dir, { recursive: true, force: true });
  if (faults.length > 0) throw new Error(`The tests left something behind:\n${faults.join('\n')}`);
}
