import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { migrateQueue } from '../jobs/graphile.queue.js';
import { dataSourceOptions, migrate } from '../../schema/data-source.js';
import { connectFault, isWorthRetrying, migrationFault } from './database-faults.js';
import { NotificationListener } from './notifications.js';

/** A database that starts together with the service is there within seconds; after that it is a fault to be told. */
const CONNECT_RETRIES = { retryAttempts: 5, retryDelay: 2_000, toRetry: isWorthRetrying, verboseRetryLog: true };

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
        const dataSource = new DataSource(options);
        await open(dataSource, (options as { url?: string }).url ?? '');
        return dataSource;
      },
    }),
  ],
  providers: [NotificationListener],
  exports: [NotificationListener],
})
export class DatabaseModule {}

/** @throws AppError `DATABASE.UNREACHABLE`, `DATABASE.LOGIN_REFUSED`, `DATABASE.MISSING`, `DATABASE.MIGRATION_FAILED` */
async function open(dataSource: DataSource, url: string): Promise<void> {
  try {
    await dataSource.initialize();
  } catch (error) {
    throw connectFault(error, url);
  }
  try {
    await migrate(dataSource);
    await migrateQueue(dataSource);
  } catch (error) {
    await dataSource.destroy().catch(() => undefined); // what went wrong before counts
    throw migrationFault(error, url);
  }
}
