import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { AssembledFiles, DiskSpace, FragmentLog, type StoredCapture } from '../footage/index.js';
import { type NeededRange, planRelease } from './domain/retention-plan.js';
import { planRingStart } from './domain/ring-plan.js';
import { homeDirs, NodeIdentity, Ownership, readNodeId } from '../cluster/index.js';
import { WarmCameraRepository } from '../camera/index.js';
import { InterruptionRepository } from '../catalogue/index.js';
import { UnsafeRangesRepository } from './unsafe-ranges.repository.js';

/** Looks at the whole log this often, beside whenever a recording became final: a ring grows by this much at most. */
const SWEEP_INTERVAL_MS = 10_000;
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
    private readonly config: AppConfig,
    private readonly log: FragmentLog,
    private readonly assembled: AssembledFiles,
    private readonly unsafe: UnsafeRangesRepository,
    private readonly warm: WarmCameraRepository,
    private readonly interruptions: InterruptionRepository,
    private readonly node: NodeIdentity,
    private readonly ownership: Ownership,
    private readonly disk: DiskSpace,
    private readonly clock: Clock,
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
    const captures = await this.readLog(this.log);
    const assembled = await this.assembled.list();
    const needed = await this.unsafe.find(this.node.nodeId);
    await this.release(this.log, captures, [...needed, ...(await this.findRings(captures))]);
    const unsafe = new Set(needed.map(({ playbackId }) => playbackId));
    for (const playbackId of assembled) if (!unsafe.has(playbackId)) await this.assembled.remove(playbackId);
    await this.sweepAbandonedHomes();
    await this.pruneInterruptions(this.clock.nowMs());
  }

  private async readLog(log: FragmentLog): Promise<StoredCapture[]> {
    const captures: StoredCapture[] = [];
    for (const cameraId of await log.findCameras()) captures.push(...(await log.readCaptures(cameraId)));
    return captures;
  }

  private async release(
    log: FragmentLog,
    captures: readonly StoredCapture[],
    needed: readonly NeededRange[],
  ): Promise<void> {
    for (const { capture, segments } of planRelease(captures, needed)) {
      if (segments === 'all') await log.removeCapture(capture);
      else for (const segment of segments) await log.removeSegment(capture, segment);
    }
  }

  /**
   * The rows say which cameras have one, whether they are captured now or not: after a start, or a loss of the database, they are not yet.
   * A disk that is too full has no room for what nobody has asked for.
   */
  private async findRings(captures: readonly StoredCapture[]): Promise<NeededRange[]> {
    if (this.disk.isLow) return [];
    const { extraSec, maxBytes } = this.config.ring;
    return (await this.warm.findAll()).map(({ cameraId, preRollSec }) => {
      const fromMs = this.clock.nowMs() - (preRollSec + extraSec) * 1_000;
      const own = captures.filter((capture) => capture.cameraId === cameraId);
      return { cameraId, startMs: planRingStart(own, { fromMs, maxBytes }), endMs: null };
    });
  }

  /** Several processes may share a record folder; the home of one that is gone is swept by those that are there. */
  private async sweepAbandonedHomes(): Promise<void> {
    for (const dir of homeDirs(this.config.recordDir)) {
      const nodeId = readNodeId(dir);
      if (nodeId === null || nodeId === this.node.nodeId) continue;
      await this.ownership.withDeadNode(nodeId, async () => {
        const log = new FragmentLog(dir, this.config.recording, this.logger);
        const captures = await this.readLog(log);
        await this.release(log, captures, await this.unsafe.find(nodeId));
      });
    }
  }

  private async pruneInterruptions(nowMs: number): Promise<void> {
    if (nowMs - this.prunedAtMs < INTERRUPTION_PRUNE_MS) return;
    await this.interruptions.deleteBefore(new Date(nowMs - INTERRUPTION_KEEP_MS));
    this.prunedAtMs = nowMs;
  }
}
