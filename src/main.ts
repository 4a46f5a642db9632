import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import { AppModule } from './app.module.js';
import { AppError } from './common/errors.js';
import { type AppLogger, createLogger } from './common/logging.js';
import { type AppConfig, loadConfig } from './config/app-config.js';
import { completeSecrets } from './config/secrets.store.js';
import { createHttpApp } from './http-app.js';
import { startEmbeddedPostgres } from './modules/database/embedded-postgres.process.js';
import { Shutdown } from './shutdown.js';

async function main(): Promise<void> {
  const parsed = loadConfig(process.env);
  const logger = createLogger(parsed.logLevel);
  const shutdown = new Shutdown(logger, parsed.shutdownTimeoutMs);
  shutdown.listen();
  try {
    const config = await prepare(parsed, logger, shutdown);
    shutdown.app = await createHttpApp(AppModule.of(config, logger), config, logger, shutdown.state);
    await shutdown.app.listen(config.http.port, config.http.host);
    logger.info('Hindsight is ready', {
      url: await shutdown.app.getUrl(),
      role: config.role,
      storage: config.storage.mode,
      docs: `${config.http.publicUrl}/docs`,
    });
  } catch (error) {
    if (shutdown.state.stopping) return; // what was being started has been taken away
    await shutdown.postgres?.stop();
    throw error;
  }
}

/** Without DATABASE_URL: secrets of our own making and a PostgreSQL of our own. */
async function prepare(parsed: AppConfig, logger: AppLogger, shutdown: Shutdown): Promise<AppConfig> {
  if (parsed.database.url !== undefined) return parsed;
  const { config, newAdminPassword } = completeSecrets(parsed);
  shutdown.postgres = await startEmbeddedPostgres(`${config.dataDir}/postgres`, logger);
  if (newAdminPassword !== undefined) {
    process.stderr.write(
      `\n  First start: log in as "${config.auth.adminUsername}" with the password ${newAdminPassword}\n  It is kept in ${config.dataDir}/secrets.json and not shown again.\n\n`,
    );
  }
  return { ...config, database: { ...config.database, url: shutdown.postgres.url } };
}

// Media pass through as short-lived buffers outside the heap. Left alone, V8 answers them with a full collection about once a second:
// half of the service's CPU at fifty recordings (bench/recording-cost), against some 20 MiB of memory.
setFlagsFromString('--heap-growing-percent=200');

// Whoever reads the log may go away; recording goes on.
process.stdout.on('error', () => undefined);

main().catch((error: unknown) => {
  const known = error instanceof AppError;
  process.stderr.write(`${known ? error.message : ((error as Error)?.stack ?? String(error))}\n`);
  // Not only the exit code: timers and connections of the half-built service would keep the process neither up nor gone.
  process.exit(1);
});
