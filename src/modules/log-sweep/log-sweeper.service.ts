import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { NodeIdentity } from '../cluster/index.js';
import { AssembledFiles, DiskSpace, FragmentLog } from '../footage/index.js';
import { AbandonedHomes } from './abandoned-homes.js';
import { KeptRanges } from './kept-ranges.js';
import { camerasOf, readLog, release } from './swept-log.js';
import { UnsafeRangesRepository } from './unsafe-ranges.repository.js';

/** Looks at the whole log this often, beside whenever a recording became final: a ring grows by this much at most. */
const SWEEP_INTERVAL_MS = 10_000;

/** Deletes what no recording needs any more from the disk of this node. */
@Injectable()
export class LogSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | null = null;
  private again = false;
  private stopped = false;

  constructor(
    private readonly log: FragmentLog,
    private readonly assembled: AssembledFiles,
    private readonly unsafe: UnsafeRangesRepository,
    private readonly kept: KeptRanges,
    private readonly abandoned: AbandonedHomes,
    private readonly node: NodeIdentity,
    private readonly disk: DiskSpace,
    private readonly logger: AppLogger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.wake(), SWEEP_INTERVAL_MS);
    this.disk.onChange(() => this.wake());
    this.wake();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.sweeping;
  }

  wake(): void {
    this.again = true;
    if (!this.stopped) this.sweeping ??= this.sweepUntilQuiet().finally(() => (this.sweeping = null));
  }

  private async sweepUntilQuiet(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      try {
        await this.sweep();
      } catch (error) {
        this.logger.warn('the fragment log was not swept; trying again later', { err: error });
      }
    }
  }

  private async sweep(): Promise<void> {
    // First what there is, then what is needed: what comes meanwhile stays.
    const swept = await readLog(this.log);
    const assembled = await this.assembled.list();
    const held = { cameraIds: camerasOf(swept), playbackIds: assembled };
    const needed = await this.unsafe.find(this.node.nodeId, held);
    await release(this.log, swept, [...needed, ...(await this.kept.find(swept))]);
    const unsafe = new Set(needed.map(({ playbackId }) => playbackId));
    for (const playbackId of assembled) if (!unsafe.has(playbackId)) await this.assembled.remove(playbackId);
    await this.abandoned.sweep();
  }
}
