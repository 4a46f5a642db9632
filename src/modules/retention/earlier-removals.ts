import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { JobHandlers } from '../jobs/index.js';
import { TombstoneRepository } from './tombstone.repository.js';

/** What an earlier version left to a job of its own becomes a tombstone like every other. */
@Injectable()
export class EarlierRemovals {
  constructor({ role }: AppConfig, dataSource: DataSource, tombstones: TombstoneRepository, handlers: JobHandlers) {
    if (role !== 'all' && role !== 'worker') return;
    handlers.register('object.delete', ({ key }) =>
      tombstones.insert(dataSource.manager, [{ store: 'playbacks', key, sizeBytes: 0 }]),
    );
  }
}
