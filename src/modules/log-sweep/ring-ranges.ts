import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppConfig } from '../../config/app-config.js';
import { WarmCameraRepository } from '../camera/index.js';
import { DiskSpace } from '../footage/index.js';
import type { NeededRange } from './domain/release-plan.js';
import { planRingStart } from './domain/ring-plan.js';
import type { SweptLog } from './swept-log.js';

/** What is kept of warm cameras in case somebody asks for it. */
@Injectable()
export class RingRanges {
  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly warm: WarmCameraRepository,
    private readonly disk: DiskSpace,
  ) {}

  /**
   * The rows say which cameras have one, whether they are captured now or not: after a start, or a loss of the database, they are not yet.
   * A disk that is too full has no room for what nobody has asked for.
   */
  async find(log: SweptLog): Promise<NeededRange[]> {
    if (this.disk.isLow) return [];
    const { extraSec, maxBytes } = this.config.ring;
    const rings: NeededRange[] = [];
    for (const { stream, preRollSec } of await this.warm.findAll()) {
      await setImmediate();
      const fromMs = this.clock.nowMs() - (preRollSec + extraSec) * 1_000;
      const spans = (log.get(stream) ?? []).map((capture) => capture.spans);
      rings.push({ stream, startMs: planRingStart(spans, { fromMs, maxBytes }), endMs: null });
    }
    return rings;
  }
}
