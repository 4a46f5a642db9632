import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import type { Ledger } from '../../schema/ledger.js';
import type { Playback } from '../../schema/playback.entity.js';
import { AssembledFiles } from '../footage/index.js';
import { Metrics } from '../health/index.js';
import { LogSweeper } from '../log-sweep/index.js';

/** What follows when a playback is complete: local bytes may go, and what was stored counts. */
@Injectable()
export class DeliveredFootage {
  constructor(
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    private readonly assembled: AssembledFiles,
    private readonly retention: LogSweeper,
  ) {}

  async letGo(playbackId: string): Promise<void> {
    await this.assembled.remove(playbackId);
    this.retention.wake();
  }

  count(playback: Playback, { expectedMs, storedMs, gaps }: Ledger): void {
    this.metrics.expectedSec.inc(expectedMs / 1_000);
    this.metrics.storedSec.inc(storedMs / 1_000);
    const endedAtMs = playback.rangeEndAt?.getTime() ?? this.clock.nowMs();
    this.metrics.finaliseDurationSec.observe(Math.max(0, this.clock.nowMs() - endedAtMs) / 1_000);
    for (const { cause, startAt, endAt } of gaps) {
      this.metrics.gaps.inc({ cause });
      this.metrics.gapSec.inc({ cause }, (Date.parse(endAt) - Date.parse(startAt)) / 1_000);
    }
  }
}
