import 'reflect-metadata';
import { AppModule } from './app.module.js';
import { passOnFrom } from './common/child.process.js';
import { type AppLogger, createLogger } from './common/logging.js';
import type { AppConfig } from './config/app-config.js';
import { completeSecrets } from './config/secrets.store.js';
import { type Settings, tellSettings } from './config/settings.js';
import { createHttpApp } from './http-app.js';
import { requireFreePort, translateListenError } from './listen-address.js';
import { startEmbeddedPostgres } from './modules/database/index.js';
import { Shutdown } from './shutdown.js';
import { prepareFolders } from './start-folders.store.js';

/** Starts everything and resolves when it is ready; from then on signals end the process. Throws what keeps it from starting. */
export async function startService(settings: Settings): Promise<void> {
  const parsed = settings.config;
  const logger = createLogger(parsed.logLevel);
  tellSettings(settings, logger);
  passOnFrom(settings.variables);
  const shutdown = new Shutdown(logger, parsed);
  shutdown.listen();
  try {
    prepareFolders(parsed);
    await requireFreePort(parsed.http);
    const config = await prepare(parsed, logger, shutdown);
    shutdown.app = await createHttpApp(AppModule.of(config, logger), config, logger, shutdown.state);
    await listen(shutdown, config);
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

async function listen({ app }: Shutdown, { http }: AppConfig): Promise<void> {
  // On its own: NestJS would report an error of the modules as one of the listener.
  await app?.init();
  try {
    await app?.listen(http.port, http.host);
  } catch (error) {
    await app?.close();
    throw translateListenError(error, http);
  }
}

/** Without DATABASE_URL: secrets of our own making and a PostgreSQL of our own. */
async function prepare(parsed: AppConfig, logger: AppLogger, shutdown: Shutdown): Promise<AppConfig> {
  if (parsed.database.url !== undefined) return parsed;
  const { config, newAdminPassword, file } = completeSecrets(parsed);
  shutdown.postgres = await startEmbeddedPostgres(`${config.dataDir}/postgres`, logger);
  const { adminUsername: username, adminPasswordIsExplicit } = config.auth;
  if (newAdminPassword !== undefined) {
    process.stderr.write(
      `\n  First start: log in as "${username}" with the password ${newAdminPassword}\n  It is kept in ${file} and not shown again.\n\n`,
    );
  }
  if (!adminPasswordIsExplicit) {
    logger.info(`log in as ${username}: the password is in ${file}, unless it was changed since`, { username, file });
  }
  return { ...config, database: { ...config.database, url: shutdown.postgres.url } };
}
