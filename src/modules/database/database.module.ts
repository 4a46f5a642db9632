import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { dataSourceOptions, migrate } from '../../schema/data-source.js';
import { connectFault, isWorthRetrying, migrationFault } from './database-faults.js';
import { NotificationListener } from './notifications.js';

/** A database that starts together with the service is there within seconds; after that it is a fault to be told. */
const CONNECT_RETRIES = { retryAttempts: 5, retryDelay: 2_000, toRetry: isWorthRetrying, verboseRetryLog: true };

/** Brings up to date what does not belong to the tables of ours. */
export type Migration = (dataSource: DataSource) => Promise<void>;

/** One migrated PostgreSQL for everything. The URL is always set by now: `main.ts` has started the embedded one if need be. */
@Module({})
export class DatabaseModule {
  /** @param others what is migrated behind our own tables, each with this module's words for what may go wrong */
  static of(...others: Migration[]): DynamicModule {
    const connection = TypeOrmModule.forRootAsync({
      inject: [AppConfig],
      useFactory: (config: AppConfig) => ({
        ...dataSourceOptions(config.database.url ?? '', config.database.poolSize),
        ...CONNECT_RETRIES,
      }),
      dataSourceFactory: async (options) => {
        if (!options) throw new Error('no database options');
        const dataSource = new DataSource(options);
        await open(dataSource, (options as { url?: string }).url ?? '', others);
        return dataSource;
      },
    });
    return {
      module: DatabaseModule,
      global: true,
      imports: [connection],
      providers: [NotificationListener],
      exports: [NotificationListener],
    };
  }
}

/** @throws AppError `DATABASE.UNREACHABLE`, `DATABASE.LOGIN_REFUSED`, `DATABASE.MISSING`, `DATABASE.MIGRATION_FAILED` */
async function open(dataSource: DataSource, url: string, others: readonly Migration[]): Promise<void> {
  try {
    await dataSource.initialize();
  } catch (error) {
    throw connectFault(error, url);
  }
  try {
    await migrate(dataSource);
    for (const migration of others) await migration(dataSource);
  } catch (error) {
    await dataSource.destroy().catch(() => undefined); // what went wrong before counts
    throw migrationFault(error, url);
  }
}
