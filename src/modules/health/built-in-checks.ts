import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import { ObjectStore } from '../storage/object-store.port.js';
import { HealthService } from './health.service.js';

const GIB = 1024 ** 3;

/** The checks of what every process needs; the recording module adds FFmpeg's. */
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
    this.health.register('storage', () => this.checkStorage());
    this.health.register('disk', () => checkDisk(this.config.recordDir, this.config.recording.minFreeDiskBytes));
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

/**
 * Looks at the free space where `dir` is, or will be.
 * @throws AppError `HEALTH.DISK_FULL` when fewer than `minFreeBytes` are free
 */
export async function checkDisk(dir: string, minFreeBytes: number): Promise<string> {
  const { bavail, bsize } = await statfsOfNearest(dir);
  const detail = `${formatGib(bavail * bsize)} free, at least ${formatGib(minFreeBytes)} wanted`;
  if (bavail * bsize >= minFreeBytes) return detail;
  throw new AppError({
    code: 'HEALTH.DISK_FULL',
    kind: 'unavailable',
    message: `${detail}: make room, or lower MIN_FREE_DISK_BYTES`,
  });
}

async function statfsOfNearest(dir: string): Promise<{ bavail: number; bsize: number }> {
  try {
    return await statfs(dir);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && dirname(dir) !== dir) return statfsOfNearest(dirname(dir));
    throw error;
  }
}

function formatGib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
