import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { migrateQueue } from '../jobs/graphile.queue.js';
import { dataSourceOptions, migrate } from './data-source.js';
import { NotificationListener } from './notifications.js';

/** One migrated PostgreSQL for everything. The URL is always set by now: `main.ts` has started the embedded one if need be. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [AppConfig],
      useFactory: (config: AppConfig) => dataSourceOptions(config.database.url ?? '', config.database.poolSize),
      dataSourceFactory: async (options) => {
        if (!options) throw new Error('no database options');
        const dataSource = await new DataSource(options).initialize();
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
