import { Global, Module } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { NodeIdentity } from '../cluster/index.js';
import { Metrics } from '../health/index.js';
import { AssembledFiles } from './assembled-files.store.js';
import { DiskIncidents } from './disk-incidents.js';
import { FragmentLog } from './fragment-log.store.js';

/** Writes footage to the disk of this node and reads it: only in processes that record. */
@Global()
@Module({
  providers: [
    {
      provide: FragmentLog,
      inject: [NodeIdentity, AppConfig, AppLogger, Metrics],
      useFactory: (
        node: NodeIdentity,
        { recording, footage }: AppConfig,
        logger: AppLogger,
        { tornTails }: Metrics,
      ) => {
        const limits = { ...recording, kept: { ...footage.segments, isSpread: true } };
        return new FragmentLog(node.homeDir, limits, logger, () => tornTails.inc());
      },
    },
    {
      provide: AssembledFiles,
      inject: [NodeIdentity],
      useFactory: ({ homeDir }: NodeIdentity) => new AssembledFiles(homeDir),
    },
    DiskIncidents,
  ],
  exports: [AssembledFiles, FragmentLog],
})
export class FootageModule {}
