import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { ObjectStore } from '../storage/index.js';
import { HealthService } from './health.service.js';

/** The checks of what every process needs; other modules add their own. */
@Injectable()
export class BuiltInChecks implements OnModuleInit {
  constructor(
    private readonly health: HealthService,
    private readonly dataSource: DataSource,
    private readonly store: ObjectStore,
    private readonly config: AppConfig,
  ) {}

  onModuleInit(): void {
    this.health.register('database', () => this.checkDatabase());
    // A store that is away loses no event: the footage is sent when it is back. To take every process out at once would lose all of them.
    this.health.register('storage', () => this.checkStorage(), 'degrading');
  }

  private async checkDatabase(): Promise<string> {
    await this.dataSource.query('SELECT 1');
    return 'answers';
  }

  private async checkStorage(): Promise<string> {
    await this.store.check();
    return `${this.config.storage.mode} store answers`;
  }
}
