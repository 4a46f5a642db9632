import { Global, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { NodeIdentity } from './node-identity.js';
import { Ownership } from './ownership.service.js';
import { RecorderHome } from './recorder-home.js';

/** Which recorder this process is, and which cameras are its own: only in processes that record. */
@Global()
@Module({
  providers: [
    {
      provide: RecorderHome,
      inject: [DataSource, AppConfig, AppLogger],
      useFactory: (dataSource: DataSource, { recordDir }: AppConfig, logger: AppLogger) =>
        RecorderHome.take(dataSource, recordDir, logger),
    },
    { provide: NodeIdentity, inject: [RecorderHome], useFactory: ({ node }: RecorderHome) => node },
    Ownership,
  ],
  exports: [NodeIdentity, Ownership, RecorderHome],
})
export class ClusterModule {}
