import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { addDays, countDates, dateOf, type LocalDay, localDays } from '../../common/local-days.js';
import { invalidInput } from '../../common/validation.pipe.js';
import { AppConfig } from '../../config/app-config.js';
import type { Span } from '../../schema/ledger.js';
import { mainStream } from '../../schema/stream-id.js';
import {
  FootageIndexRepository,
  holesIn,
  type IndexedSegment,
  type SegmentPosition,
  showFootage,
} from '../archive/index.js';
import { InterruptionRepository } from '../catalogue/index.js';
import { explainHoles, type FootageGap } from './domain/gaps.js';
import { coveredMs, type FootageSpan, listSpans } from './domain/spans.js';
import { rangeTooLong } from './footage-errors.js';
import { FootageSource } from './footage-source.service.js';
import { TimelineRepository } from './timeline.repository.js';

export interface FootageSpans {
  range: Span;
  spans: FootageSpan[];
  gaps: FootageGap[];
  coveredMs: number;
  /** Of gaps that are too short to be listed. */
  shortGapsMs: number;
  oldestAt: Date | null;
}

export interface FootageDay extends LocalDay {
  hasFootage: boolean;
  isLocked: boolean;
  /** Only where it was asked for. */
  sums: { coveredMs: number; bytes: number } | null;
}

export interface DaysAsked {
  from?: string | undefined;
  to?: string | undefined;
  timeZone?: string | undefined;
  detail: boolean;
}

const DAY_MS = 86_400_000;
/** A month of the calendar may be an hour longer than its days. */
const SET_BACK_MS = 3_600_000;
/** Both ends left out, the answer is about the month up to and with today. */
const DEFAULT_DAYS = 31;
/** Newer footage may be in a log alone. */
const NEW_MS = 3_600_000;

/** When there is footage of a camera, and why there is none in between. */
@Injectable()
export class TimelineService {
  constructor(
    private readonly index: FootageIndexRepository,
    private readonly source: FootageSource,
    private readonly timeline: TimelineRepository,
    private readonly interruptions: InterruptionRepository,
    private readonly config: AppConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Spans and gaps of a range, which together are the whole of it; what lies ahead is cut off.
   * @param asked `to` left out: up to now
   * @throws AppError `CAMERA.NOT_FOUND`, `REQUEST.INVALID`, `FOOTAGE.RANGE_TOO_LONG`
   */
  async getSpans(
    cameraId: string,
    asked: { from: Date; to?: Date | undefined },
    minGapMs: number,
  ): Promise<FootageSpans> {
    await this.requireCamera(cameraId);
    const { maxSpanDays } = this.config.timeline;
    const range = this.pastOf(asked);
    if (range.endMs - range.startMs > maxSpanDays * DAY_MS + SET_BACK_MS) throw rangeTooLong(`${maxSpanDays} days`);
    const { pieces, absent } = await this.source.findRuns(cameraId, range);
    const shown = showFootage(pieces);
    const gaps = await this.explain(cameraId, range, holesIn(shown, range), absent);
    const listed = gaps.filter(({ startMs, endMs }) => endMs - startMs >= minGapMs);
    const covered = coveredMs(shown, range);
    return {
      ...{ range, spans: listSpans(shown, range, minGapMs), gaps: listed, coveredMs: covered },
      shortGapsMs: range.endMs - range.startMs - covered - lengthOf(listed),
      oldestAt: await this.index.findOldest(cameraId),
    };
  }

  /**
   * Rows of the index, the oldest first.
   * @throws AppError `CAMERA.NOT_FOUND`, `REQUEST.INVALID`
   */
  async getSegments(
    cameraId: string,
    asked: { from: Date; to?: Date | undefined },
    page: { after: SegmentPosition | null; limit: number },
  ): Promise<IndexedSegment[]> {
    await this.requireCamera(cameraId);
    return this.index.findSegments(cameraId, this.pastOf(asked), page);
  }

  /** @throws AppError `CAMERA.NOT_FOUND`, `REQUEST.INVALID`, `FOOTAGE.RANGE_TOO_LONG` */
  async getDays(cameraId: string, asked: DaysAsked): Promise<{ days: FootageDay[]; timeZone: string }> {
    await this.requireCamera(cameraId);
    const { days, timeZone } = this.daysOf(asked);
    const [first, last] = [days[0], days.at(-1)];
    if (!first || !last) return { days: [], timeZone };
    const found = await this.index.findDays(cameraId, days);
    const range = { startMs: first.startMs, endMs: last.endMs };
    const newest = { startMs: Math.max(range.startMs, this.clock.nowMs() - NEW_MS), endMs: range.endMs };
    const read = asked.detail ? range : newest;
    const shown = read.endMs > read.startMs ? showFootage((await this.source.findRuns(cameraId, read)).pieces) : [];
    const bytes = asked.detail ? await this.index.sumBytes(cameraId, days) : [];
    return {
      timeZone,
      days: days.map((day, at) => {
        const ms = coveredMs(shown, day);
        const sums = asked.detail ? { coveredMs: ms, bytes: bytes[at]! } : null;
        return { ...day, hasFootage: found[at]!.hasFootage || ms > 0, isLocked: found[at]!.isLocked, sums };
      }),
    };
  }

  /** @throws AppError `CAMERA.NOT_FOUND` */
  async requireCamera(id: string): Promise<void> {
    if (!(await this.timeline.cameraExists(id))) throw new AppError({ code: 'CAMERA.NOT_FOUND', values: { id } });
  }

  private async explain(
    cameraId: string,
    range: Span,
    holes: Span[],
    absent: Awaited<ReturnType<FootageSource['findRuns']>>['absent'],
  ) {
    if (holes.length === 0) return [];
    const [removals, periods, interruptions] = await Promise.all([
      this.index.findRemovals(cameraId, range),
      this.index.findPeriods(cameraId, range),
      this.interruptions.find(mainStream(cameraId), range),
    ]);
    return explainHoles(holes, {
      removals: [...removals, ...absent],
      periods,
      interruptions,
      nowMs: this.clock.nowMs(),
    });
  }

  private pastOf({ from, to }: { from: Date; to?: Date | undefined }): Span {
    const nowMs = this.clock.nowMs();
    if (to && to <= from) throw invalidInput([{ field: 'to', message: 'to must be later than from' }]);
    if (from.getTime() >= nowMs) throw invalidInput([{ field: 'from', message: 'from must be in the past' }]);
    return { startMs: from.getTime(), endMs: Math.min(to?.getTime() ?? nowMs, nowMs) };
  }

  private daysOf({ from, to, timeZone = this.config.timeZone, detail }: DaysAsked) {
    const { maxDays, maxSpanDays } = this.config.timeline;
    const end = to ?? addDays(dateOf(this.clock.nowMs(), timeZone), 1);
    const start = from ?? addDays(end, -DEFAULT_DAYS);
    const count = countDates(start, end);
    if (count < 0) throw invalidInput([{ field: 'to', message: 'to must not be before from' }]);
    const most = detail ? maxSpanDays : maxDays;
    if (count > most) throw rangeTooLong(`${most} days`);
    return { days: localDays(start, end, timeZone), timeZone };
  }
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
}
