import { setImmediate } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import {
  AssembledFiles,
  DiskSpace,
  FragmentLog,
  type LoggedCapture,
  type SegmentSpans,
  spansOf,
} from '../footage/index.js';
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
    const cameras = await readLog(this.log);
    const assembled = await this.assembled.list();
    const needed = await this.unsafe.find(this.node.nodeId);
    await this.release(this.log, cameras, [...needed, ...(await this.findRings(cameras))]);
    const unsafe = new Set(needed.map(({ playbackId }) => playbackId));
    for (const playbackId of assembled) if (!unsafe.has(playbackId)) await this.assembled.remove(playbackId);
    await this.sweepAbandonedHomes();
    await this.pruneInterruptions(this.clock.nowMs());
  }

  private async release(log: FragmentLog, cameras: Cameras, needed: readonly NeededRange[]): Promise<void> {
    for (const [cameraId, captures] of cameras) {
      const ranges = needed.filter((range) => range.cameraId === cameraId);
      for (const { capture, openSegment, spans } of captures) {
        await setImmediate(); // a sweep over many cameras must not hold up their pictures
        const segments = planRelease({ openSegment, spans }, ranges);
        if (segments === 'all') await log.removeCapture(capture);
        else if (segments.length > 0) await log.removeSegments(capture, segments);
      }
    }
  }

  /**
   * The rows say which cameras have one, whether they are captured now or not: after a start, or a loss of the database, they are not yet.
   * A disk that is too full has no room for what nobody has asked for.
   */
  private async findRings(cameras: Cameras): Promise<NeededRange[]> {
    if (this.disk.isLow) return [];
    const { extraSec, maxBytes } = this.config.ring;
    const rings: NeededRange[] = [];
    for (const { cameraId, preRollSec } of await this.warm.findAll()) {
      await setImmediate();
      const fromMs = this.clock.nowMs() - (preRollSec + extraSec) * 1_000;
      const spans = (cameras.get(cameraId) ?? []).map((capture) => capture.spans);
      rings.push({ cameraId, startMs: planRingStart(spans, { fromMs, maxBytes }), endMs: null });
    }
    return rings;
  }

  /** Several processes may share a record folder; the home of one that is gone is swept by those that are there. */
  private async sweepAbandonedHomes(): Promise<void> {
    for (const dir of homeDirs(this.config.recordDir)) {
      const nodeId = readNodeId(dir);
      if (nodeId === null || nodeId === this.node.nodeId) continue;
      await this.ownership.withDeadNode(nodeId, async () => {
        const log = new FragmentLog(dir, this.config.recording, this.logger);
        await this.release(log, await readLog(log), await this.unsafe.find(nodeId));
      });
    }
  }

  private async pruneInterruptions(nowMs: number): Promise<void> {
    if (nowMs - this.prunedAtMs < INTERRUPTION_PRUNE_MS) return;
    await this.interruptions.deleteBefore(new Date(nowMs - INTERRUPTION_KEEP_MS));
    this.prunedAtMs = nowMs;
  }
}

/** What the log held at a moment: what has come since is not in it. */
interface SweptCapture {
  capture: LoggedCapture;
  openSegment: string | null;
  spans: SegmentSpans;
}

/** By camera. */
type Cameras = ReadonlyMap<string, readonly SweptCapture[]>;

async function readLog(log: FragmentLog): Promise<Cameras> {
  const cameras = new Map<string, SweptCapture[]>();
  for (const cameraId of await log.findCameras()) {
    const captures = await log.listCaptures(cameraId);
    cameras.set(
      cameraId,
      captures.map((capture) => ({ capture, openSegment: capture.openSegment, spans: spansOf(capture) })),
    );
  }
  return cameras;
}
