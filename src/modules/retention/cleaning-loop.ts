import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { AppLogger } from '../../common/logging.js';
import { DiskSpace } from '../footage/index.js';
import { DueCamerasRepository } from './due-cameras.repository.js';
import { RetentionService } from './retention.service.js';
import { RoomService } from './room.service.js';
import { TombstonePurger } from './tombstone-purger.service.js';

/** A look at the disk and three small queries. Fifty cameras at 8 Mbit/s write 250 MB meanwhile, an eighth of the room above the hard stop. */
const LOOK_INTERVAL_MS = 5_000;

/** Deletes what may go, in every process that does jobs: cameras whose turn it is, what stands in the way of room, objects without rows. */
@Injectable()
export class CleaningLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | null = null;
  private stopped = false;

  constructor(
    private readonly config: AppConfig,
    private readonly cameras: DueCamerasRepository,
    private readonly retention: RetentionService,
    private readonly room: RoomService,
    private readonly purger: TombstonePurger,
    private readonly disk: DiskSpace,
    private readonly logger: AppLogger,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'all' && this.config.role !== 'worker') return;
    this.timer = setInterval(() => void this.look(), LOOK_INTERVAL_MS);
    this.disk.onChange(() => void this.look());
    void this.look();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.looking;
  }

  /** Calls during a look share it. Never throws. */
  async look(): Promise<void> {
    if (this.stopped) return;
    this.looking ??= this.clean().finally(() => (this.looking = null));
    await this.looking;
  }

  private async clean(): Promise<void> {
    await this.attempt('what is too old or too much was not deleted', () => this.cleanDueCameras());
    await this.attempt('no room could be made', () => this.room.make());
    await this.attempt('deleted objects are not gone', () => this.purger.purge());
  }

  private async cleanDueCameras(): Promise<void> {
    for (let next = await this.cameras.claim(); next !== null && !this.stopped; next = await this.cameras.claim()) {
      await this.retention.clean(next);
    }
  }

  /** One that fails keeps the others from nothing. */
  private async attempt(failure: string, work: () => Promise<unknown>): Promise<void> {
    if (this.stopped) return;
    try {
      await work();
    } catch (error) {
      this.logger.warn(`${failure}; trying again later`, { err: error });
    }
  }
}
