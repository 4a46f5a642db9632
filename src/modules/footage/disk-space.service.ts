import { type BeforeApplicationShutdown, Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { Metrics } from '../health/index.js';
import { type DiskReading, type DiskState, nextDiskState, resumeBytes } from './domain/disk-state.js';
import { readFreeSpace } from './free-space.store.js';

export type { DiskState } from './domain/disk-state.js';

/**
 * A write that found no room is believed for so long, whatever the disk says of its free space: a quota or used-up inodes do not show there,
 * and a recorder that starts again at once would fail again at once.
 */
const FULL_HOLD_MS = 10_000;

/**
 * Whether there is room on the disk of the recordings: one threshold with hysteresis, for the recorder, the cleaner and readiness alike.
 * A disk that cannot be looked at counts as too full.
 */
@Injectable()
export class DiskSpace implements OnModuleInit, BeforeApplicationShutdown {
  private state: DiskState = 'ok';
  private enteredAtMs = 0;
  private reading: DiskReading | null = null;
  private fault: unknown = null;
  private fullUntilMs = 0;
  private readonly listeners = new Set<(state: DiskState) => void>();
  private checking: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly metrics: Metrics,
  ) {}

  get isLow(): boolean {
    return this.state === 'low';
  }

  /** Null while it is not low. */
  get lowSince(): Date | null {
    return this.isLow ? new Date(this.enteredAtMs) : null;
  }

  /** As of the last look; 0 while the disk cannot be looked at. */
  get freeBytes(): number {
    return this.reading?.freeBytes ?? 0;
  }

  /** From how much free space on a disk that was too full is good again. */
  get resumeAtBytes(): number {
    return resumeBytes(this.reading?.totalBytes ?? Infinity, this.config.recording.minFreeDiskBytes);
  }

  /** Why the disk cannot be looked at, or null. */
  get unreadable(): string | null {
    return this.fault === null ? null : messageOf(this.fault);
  }

  /** Hears every change from now on, at once and in order. */
  onChange(listener: (state: DiskState) => void): void {
    this.listeners.add(listener);
  }

  async onModuleInit(): Promise<void> {
    await this.check();
    this.timer = setInterval(() => void this.check(), this.config.recording.diskCheckMs);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Looks now; calls during a look share it. Never throws. */
  async check(): Promise<void> {
    this.checking ??= this.look().finally(() => (this.checking = null));
    await this.checking;
  }

  /** A write found no room (ENOSPC, EDQUOT): the disk is low now, without waiting for the next look. */
  noteFull(): void {
    this.fullUntilMs = this.clock.nowMs() + FULL_HOLD_MS;
    this.enter('low');
  }

  private async look(): Promise<void> {
    try {
      this.reading = await readFreeSpace(this.config.recordDir);
      this.fault = null;
      const next = nextDiskState(this.state, this.reading, this.config.recording.minFreeDiskBytes);
      this.enter(this.isHeldFull ? 'low' : next);
    } catch (error) {
      this.reading = null;
      this.fault = error;
      this.enter('low');
    }
    this.metrics.diskFreeBytes.set(this.freeBytes);
  }

  /** A wall clock that was set back must not hold the recorder for long. */
  private get isHeldFull(): boolean {
    const leftMs = this.fullUntilMs - this.clock.nowMs();
    return leftMs > 0 && leftMs <= FULL_HOLD_MS;
  }

  private enter(state: DiskState): void {
    this.metrics.diskLow.set(state === 'low' ? 1 : 0);
    if (state === this.state) return;
    this.state = state;
    this.enteredAtMs = this.clock.nowMs();
    const { freeBytes, resumeAtBytes } = this;
    if (state === 'ok') this.logger.info('the disk has room again', { freeBytes });
    else this.logger.warn('the disk is too full to record', { freeBytes, resumeAtBytes, err: this.fault ?? undefined });
    for (const listener of this.listeners) listener(state);
  }
}
