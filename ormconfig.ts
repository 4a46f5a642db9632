import { DataSource } from 'typeorm';
import { loadSettings } from './src/config/settings.js';
import { createLogger } from './src/common/logging.js';
import { dataSourceOptions } from './src/schema/data-source.js';
import { startEmbeddedPostgres } from './src/modules/database/embedded-postgres.process.js';

/** For the TypeORM command line: DATABASE_URL, or the embedded PostgreSQL under DATA_DIR while the command runs. */
async function dataSource(): Promise<DataSource> {
  const { config } = loadSettings();
  if (config.database.url) return new DataSource(dataSourceOptions(config.database.url));
  const embedded = await startEmbeddedPostgres(`${config.dataDir}/postgres`, createLogger('warn'));
  const source = new DataSource(dataSourceOptions(embedded.url));
  const destroy = source.destroy.bind(source);
  source.destroy = async () => {
    await destroy();
    await embedded.stop();
  };
  return source;
}

export default dataSource();
