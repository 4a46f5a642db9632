import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { CameraStatusRepository } from '../camera/index.js';
import { NodeIdentity } from '../cluster/index.js';
import { persist } from '../database/index.js';
import { type CameraHappening, type CameraSight, nextSight } from './domain/camera-sight.js';

/** A flapping camera is written down once in this time. */
const MIN_INTERVAL_MS = 1_000;

interface Watched {
  sight: CameraSight;
  saved: CameraSight | null;
  saving: Promise<void> | null;
}

/** Writes down what this recorder sees of its cameras: the latest of each, one after another, never in the way of a capture. */
@Injectable()
export class CameraStatusSaver implements OnApplicationBootstrap {
  private readonly cameras = new Map<string, Watched>();
  private readonly stopping = new AbortController();
  private resetting: Promise<void> | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly node: NodeIdentity,
    private readonly rows: CameraStatusRepository,
  ) {}

  onApplicationBootstrap(): void {
    this.reset().catch(() => undefined); // only when it is stopped: the next start does it
  }

  /** What happens from now on is tried once: the process ends. */
  stop(): void {
    this.stopping.abort();
  }

  report(cameraId: string, happening: CameraHappening): void {
    const known = this.cameras.get(cameraId);
    const sight = nextSight(known?.sight ?? null, happening);
    if (known?.sight === sight) return;
    const watched = known ?? { sight, saved: null, saving: null };
    watched.sight = sight;
    this.cameras.set(cameraId, watched);
    watched.saving ??= this.save(cameraId, watched);
  }

  /** Resolves when everything that was reported so far is in the database, or given up. */
  async saved(): Promise<void> {
    for (const { saving } of this.cameras.values()) await saving;
  }

  private async save(cameraId: string, watched: Watched): Promise<void> {
    const { clock, logger, node, rows } = this;
    const { signal } = this.stopping;
    const write = async () => {
      const { sight } = watched;
      await rows.save(cameraId, node.nodeId, rowOf(sight));
      watched.saved = sight;
    };
    try {
      await this.reset();
      while (watched.saved !== watched.sight) {
        await persist(write, { clock, logger, signal });
        await clock.sleep(MIN_INTERVAL_MS, signal);
      }
    } catch (error) {
      logger.warn('what was seen of a camera was not saved', { cameraId, err: error });
    } finally {
      watched.saving = null;
    }
  }

  /** What an earlier run of this node left in the rows comes before anything new. */
  private reset(): Promise<void> {
    const { clock, logger } = this;
    const work = () => this.rows.resetForNode(this.node.nodeId, clock.now());
    this.resetting ??= persist(work, { clock, logger, signal: this.stopping.signal });
    return this.resetting;
  }
}

function rowOf({ state, sinceMs, lastError }: CameraSight): Parameters<CameraStatusRepository['save']>[2] {
  const error = lastError && { code: lastError.code, message: lastError.message, at: new Date(lastError.atMs) };
  return { state, since: new Date(sinceMs), lastError: error };
}
