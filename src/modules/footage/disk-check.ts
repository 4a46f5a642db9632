import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import { HealthService } from '../health/index.js';
import { DiskSpace } from './disk-space.service.js';

const GIB = 1024 ** 3;

/** Not ready while there is no room for footage. */
@Injectable()
export class DiskCheck implements OnModuleInit {
  constructor(
    private readonly health: HealthService,
    private readonly disk: DiskSpace,
    private readonly config: AppConfig,
  ) {}

  onModuleInit(): void {
    this.health.register('disk', () => this.check());
  }

  private async check(): Promise<string> {
    await this.disk.check();
    const { isLow, freeBytes, resumeAtBytes, unreadable } = this.disk;
    if (unreadable !== null) throw new Error(unreadable);
    const { minFreeDiskBytes } = this.config.recording;
    const detail = `${formatGib(freeBytes)} free, at least ${formatGib(minFreeDiskBytes)} wanted`;
    if (!isLow) return detail;
    throw new AppError({
      code: 'HEALTH.DISK_FULL',
      values: { found: detail, wanted: formatGib(resumeAtBytes) },
    });
  }
}

export function formatGib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
