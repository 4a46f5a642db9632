import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AppError, messageOf } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import { migrateQueue } from '../jobs/graphile.queue.js';
import { dataSourceOptions, migrate } from './data-source.js';
import { NotificationListener } from './notifications.js';

/** A database that starts together with the service is there within seconds; after that it is a fault to be told. */
const CONNECT_RETRIES = { retryAttempts: 5, retryDelay: 2_000 };

/** One migrated PostgreSQL for everything. The URL is always set by now: `main.ts` has started the embedded one if need be. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [AppConfig],
      useFactory: (config: AppConfig) => ({
        ...dataSourceOptions(config.database.url ?? '', config.database.poolSize),
        ...CONNECT_RETRIES,
      }),
      dataSourceFactory: async (options) => {
        if (!options) throw new Error('no database options');
        const dataSource = await connect(new DataSource(options));
        await migrate(dataSource);
        await migrateQueue(dataSource);
        return dataSource;
      },
    }),
  ],
  providers: [NotificationListener],
  exports: [NotificationListener],
})
export class DatabaseModule {}

/** @throws AppError `DATABASE.UNREACHABLE`, which names the server and never the password */
async function connect(dataSource: DataSource): Promise<DataSource> {
  try {
    return await dataSource.initialize();
  } catch (error) {
    const { url = '' } = dataSource.options as { url?: string };
    const { host, pathname } = new URL(url);
    const message = `The database ${host}${pathname} of DATABASE_URL cannot be used: ${messageOf(error) || 'no answer'}.`;
    throw new AppError({ code: 'DATABASE.UNREACHABLE', kind: 'unavailable', message, cause: error });
  }
}
