import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import type { StreamId } from '../../schema/stream-id.js';
import { StreamMap } from '../../schema/stream-map.js';
import { InterruptionRepository, type NotedInterruption } from '../catalogue/index.js';
import { persist } from '../database/index.js';

interface Waiting {
  /** The latest of each, by its id. */
  told: Map<string, NotedInterruption>;
  saving: Promise<void>;
}

/** Writes interruptions down, those of a stream one after another, never in the way of a capture. */
@Injectable()
export class InterruptionSaver {
  private readonly streams = new StreamMap<Waiting>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly rows: InterruptionRepository,
  ) {}

  /** While the database is away, only the latest word about each is kept. */
  save(stream: StreamId, interruption: NotedInterruption): void {
    const known = this.streams.get(stream);
    const told = known?.told ?? new Map<string, NotedInterruption>();
    told.set(interruption.id, interruption);
    if (!known) this.streams.set(stream, { told, saving: this.saveAll(stream, told) });
  }

  /** Resolves when what was told of a stream so far is in the database. */
  async saved(stream: StreamId): Promise<void> {
    await this.streams.get(stream)?.saving;
  }

  /** The last word: what is not saved yet is tried once more, and then given up. */
  async finish(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.streams.values().map(({ saving }) => saving));
  }

  private async saveAll(stream: StreamId, told: Map<string, NotedInterruption>): Promise<void> {
    const context = { clock: this.clock, logger: this.logger, signal: this.stopping.signal };
    for (const id of told.keys()) {
      let written: NotedInterruption | undefined;
      const write = async () => {
        written = told.get(id)!;
        await this.rows.save(stream, written);
      };
      try {
        while (told.get(id) !== written) await persist(write, context);
      } catch (error) {
        const { cameraId } = stream;
        this.logger.warn('an interruption was not saved: its gap will say unknown', { cameraId, err: error });
      }
      told.delete(id);
    }
    this.streams.delete(stream);
  }
}
