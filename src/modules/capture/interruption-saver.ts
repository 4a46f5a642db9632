import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { InterruptionRepository, type NotedInterruption } from '../catalogue/index.js';
import { persist } from '../database/index.js';

interface Waiting {
  /** The latest of each, by its id. */
  told: Map<string, NotedInterruption>;
  saving: Promise<void>;
}

/** Writes interruptions down, those of a camera one after another, never in the way of a capture. */
@Injectable()
export class InterruptionSaver {
  private readonly cameras = new Map<string, Waiting>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly rows: InterruptionRepository,
  ) {}

  /** While the database is away, only the latest word about each is kept. */
  save(cameraId: string, interruption: NotedInterruption): void {
    const known = this.cameras.get(cameraId);
    const told = known?.told ?? new Map<string, NotedInterruption>();
    told.set(interruption.id, interruption);
    if (!known) this.cameras.set(cameraId, { told, saving: this.saveAll(cameraId, told) });
  }

  /** Resolves when what was told of a camera so far is in the database. */
  async saved(cameraId: string): Promise<void> {
    await this.cameras.get(cameraId)?.saving;
  }

  /** The last word: what is not saved yet is tried once more, and then given up. */
  async finish(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.cameras.values()].map(({ saving }) => saving));
  }

  private async saveAll(cameraId: string, told: Map<string, NotedInterruption>): Promise<void> {
    const context = { clock: this.clock, logger: this.logger, signal: this.stopping.signal };
    for (const id of told.keys()) {
      let written: NotedInterruption | undefined;
      const write = async () => {
        written = told.get(id)!;
        await this.rows.save(cameraId, written);
      };
      try {
        while (told.get(id) !== written) await persist(write, context);
      } catch (error) {
        this.logger.warn('an interruption was not saved: its gap will say unknown', { cameraId, err: error });
      }
      told.delete(id);
    }
    this.cameras.delete(cameraId);
  }
}
