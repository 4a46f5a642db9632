import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import { AppModule } from './app.module.js';
import { AppError } from './common/errors.js';
import { type AppLogger, createLogger } from './common/logging.js';
import { type AppConfig, loadConfig } from './config/app-config.js';
import { completeSecrets } from './config/secrets.store.js';
import { createHttpApp } from './http-app.js';
import { startEmbeddedPostgres } from './modules/database/embedded-postgres.process.js';

interface Prepared {
  config: AppConfig;
  /** Run last, after the application has let go of everything. */
  close: () => Promise<void>;
}

async function main(): Promise<void> {
  const parsed = loadConfig(process.env);
  const logger = createLogger(parsed.logLevel);
  const { config, close } = await prepare(parsed, logger);
  try {
    const app = await createHttpApp(AppModule.of(config, logger), config, logger);
    await app.listen(config.http.port, config.http.host);
    logger.info('Hindsight is ready', {
      url: await app.getUrl(),
      role: config.role,
      storage: config.storage.mode,
      docs: `${config.http.publicUrl}/docs`,
    });
    stopOnSignal(async () => {
      await app.close();
      await close();
    }, logger);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Without DATABASE_URL: secrets of our own making and a PostgreSQL of our own. */
async function prepare(parsed: AppConfig, logger: AppLogger): Promise<Prepared> {
  if (parsed.database.url !== undefined) return { config: parsed, close: () => Promise.resolve() };
  const { config, newAdminPassword } = completeSecrets(parsed);
  const postgres = await startEmbeddedPostgres(`${config.dataDir}/postgres`, logger);
  if (newAdminPassword !== undefined) {
    process.stderr.write(
      `\n  First start: log in as "${config.auth.adminUsername}" with the password ${newAdminPassword}\n  It is kept in ${config.dataDir}/secrets.json and not shown again.\n\n`,
    );
  }
  return { config: { ...config, database: { ...config.database, url: postgres.url } }, close: () => postgres.stop() };
}

/** The first signal drains: captures end, the log is closed, the database goes last. A second one does not wait. */
function stopOnSignal(stop: () => Promise<void>, logger: AppLogger): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info('stopping', { signal });
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error('the stop failed', { err: error });
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
}

// Media pass through as short-lived buffers outside the heap. Left alone, V8 answers them with a full collection about once a second:
// half of the service's CPU at fifty recordings (bench/recording-cost), against some 20 MiB of memory.
setFlagsFromString('--heap-growing-percent=200');

// Whoever reads the log may go away; recording goes on.
process.stdout.on('error', () => undefined);

main().catch((error: unknown) => {
  const known = error instanceof AppError;
  process.stderr.write(`${known ? error.message : ((error as Error)?.stack ?? String(error))}\n`);
  process.exitCode = 1;
});
