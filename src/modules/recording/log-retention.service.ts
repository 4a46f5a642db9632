import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AssembledFiles } from './assembled-files.store.js';
import { planRelease } from './domain/retention-plan.js';
import { FragmentLog, type StoredCapture } from './fragment-log.store.js';
import { NodeIdentity } from './node-identity.js';
import { RecordingRepository } from './recording.repository.js';

/** Looks at the whole log this often, beside whenever a recording became final. */
const SWEEP_INTERVAL_MS = 60_000;
/** Interruptions explain gaps of recordings that are not final; older ones explain nothing any more. */
const INTERRUPTION_KEEP_MS = 30 * 24 * 3_600_000;
const INTERRUPTION_PRUNE_MS = 3_600_000;

/** Deletes what no recording needs any more from the disk of this node. */
@Injectable()
export class LogRetention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | null = null;
  private again = false;
  private stopped = false;
  private prunedAtMs = 0;

  constructor(
    private readonly log: FragmentLog,
    private readonly assembled: AssembledFiles,
    private readonly rows: RecordingRepository,
    private readonly node: NodeIdentity,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.wake(), SWEEP_INTERVAL_MS);
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
    const captures: StoredCapture[] = [];
    for (const cameraId of await this.log.findCameras()) captures.push(...(await this.log.readCaptures(cameraId)));
    const assembled = await this.assembled.list();
    const needed = await this.rows.findUnsafeRanges(this.node.nodeId);
    for (const { capture, segments } of planRelease(captures, needed)) {
      if (segments === 'all') await this.log.removeCapture(capture);
      else for (const segment of segments) await this.log.removeSegment(capture, segment);
    }
    const unsafe = new Set(needed.map(({ playbackId }) => playbackId));
    for (const playbackId of assembled) if (!unsafe.has(playbackId)) await this.assembled.remove(playbackId);
    await this.pruneInterruptions(this.clock.nowMs());
  }

  private async pruneInterruptions(nowMs: number): Promise<void> {
    if (nowMs - this.prunedAtMs < INTERRUPTION_PRUNE_MS) return;
    await this.rows.deleteInterruptionsBefore(new Date(nowMs - INTERRUPTION_KEEP_MS));
    this.prunedAtMs = nowMs;
  }
}
