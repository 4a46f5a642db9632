import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import { ObjectStore } from '../storage/object-store.port.js';
import { DiskSpace } from './disk-space.service.js';
import { HealthService } from './health.service.js';

const GIB = 1024 ** 3;

/** The checks of what every process needs; the recording module adds FFmpeg's. */
@Injectable()
export class BuiltInChecks implements OnModuleInit {
  constructor(
    private readonly health: HealthService,
    private readonly dataSource: DataSource,
    private readonly store: ObjectStore,
    private readonly disk: DiskSpace,
    private readonly config: AppConfig,
  ) {}

  onModuleInit(): void {
    this.health.register('database', () => this.checkDatabase());
    // A store that is away loses no event: the footage is sent when it is back. To take every process out at once would lose all of them.
    this.health.register('storage', () => this.checkStorage(), 'degrading');
    this.health.register('disk', () => this.checkDisk());
  }

  private async checkDatabase(): Promise<string> {
    await this.dataSource.query('SELECT 1');
    return 'answers';
  }

  private async checkStorage(): Promise<string> {
    await this.store.check();
    return `${this.config.storage.mode} store answers`;
  }

  private async checkDisk(): Promise<string> {
    await this.disk.check();
    const { isLow, freeBytes, resumeAtBytes, unreadable } = this.disk;
    if (unreadable !== null) throw new Error(unreadable);
    const { minFreeDiskBytes } = this.config.recording;
    const detail = `${formatGib(freeBytes)} free, at least ${formatGib(minFreeDiskBytes)} wanted`;
    if (!isLow) return detail;
    throw new AppError({
      code: 'HEALTH.DISK_FULL',
      kind: 'unavailable',
      message: `${detail}, ${formatGib(resumeAtBytes)} to go on recording: make room, or lower MIN_FREE_DISK_BYTES`,
    });
  }
}

function formatGib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
