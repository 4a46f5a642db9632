import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { formatCursor } from '../../common/keyset.js';
import { readPosition } from '../../common/page-query.js';
import { ZONE_DATA_VERSION } from '../../common/wall-time.js';
import { AppConfig } from '../../config/app-config.js';
import { Schedule } from '../../schema/schedule.entity.js';
import { doEach } from './bulk.js';
import type { BulkResponse, BulkSchedulesDto } from './bulk.dto.js';
import type { ScheduleTimes } from './domain/rule.js';
import { planWindows } from './domain/window-plan.js';
import type { CreateScheduleDto, ListSchedulesQuery, PreviewScheduleDto, UpdateScheduleDto } from './schedule.dto.js';
import { timesOf } from './schedule-input.js';
import { SchedulePlanner } from './schedule-planner.service.js';
import { toPreview, toScheduleResponse } from './schedule.presenter.js';
import { ScheduleRepository } from './schedule.repository.js';
import type { PreviewResponse, ScheduleListResponse, ScheduleResponse } from './schedule.response.js';

const DEFAULT_PREVIEW = 10;

/** Makes, changes and removes schedules; what they plan changes in the same transaction. */
@Injectable()
export class ScheduleService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly schedules: ScheduleRepository,
    private readonly planner: SchedulePlanner,
  ) {}

  /**
   * The next occurrences of a schedule that is not saved.
   * @throws AppError `SCHEDULE.RULE_INVALID`, `SCHEDULE.ZONE_UNKNOWN`, `SCHEDULE.NEVER`
   */
  preview({ count = DEFAULT_PREVIEW, ...input }: PreviewScheduleDto): PreviewResponse {
    const times = timesOf(input, this.defaults);
    const windows = planWindows(times, { fromMs: this.clock.nowMs(), toMs: Infinity, max: count });
    if (windows.length === 0) throw new AppError({ code: 'SCHEDULE.NEVER' });
    return { occurrences: windows.map((window) => toPreview(window, times.timeZone)) };
  }

  /** @throws AppError `SCHEDULE.RULE_INVALID`, `SCHEDULE.ZONE_UNKNOWN`, `SCHEDULE.NEVER`, `CAMERA.NOT_FOUND` */
  async create({ name, cameraIds, enabled = true, ...input }: CreateScheduleDto): Promise<ScheduleResponse> {
    const times = timesOf(input, this.defaults);
    this.checkBegins(times);
    const now = this.clock.now();
    const fresh = { name, enabled, version: 1, zoneData: ZONE_DATA_VERSION, plannedUntil: now, deletedAt: null };
    const id = await this.dataSource.transaction(async (manager) => {
      const instants = { createdAt: now, updatedAt: now };
      const schedule = await this.schedules.save(
        manager,
        manager.create(Schedule, { ...times, ...fresh, ...instants }),
      );
      await this.schedules.setCameras(manager, schedule.id, cameraIds);
      if (enabled) await this.planner.planAnew(manager, schedule);
      return schedule.id;
    });
    return this.get(id);
  }

  async list(query: ListSchedulesQuery): Promise<ScheduleListResponse> {
    const { limit } = query;
    // One more than asked for tells whether there is a next page.
    const found = await this.schedules.findPage(query, limit + 1, readPosition(query));
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(toScheduleResponse),
      nextCursor: last ? formatCursor({ at: last.createdAt, id: last.id }) : null,
    };
  }

  /** @throws AppError `SCHEDULE.NOT_FOUND` */
  async get(id: string): Promise<ScheduleResponse> {
    return toScheduleResponse(await this.schedules.get(id));
  }

  /**
   * Changes a schedule and plans it anew; what has begun goes on, and what somebody has edited stays.
   * @param version the one that the change is meant for; undefined: whichever there is
   * @throws AppError `SCHEDULE.NOT_FOUND`, `SCHEDULE.CHANGED`, and as `create`
   */
  async update(id: string, input: UpdateScheduleDto, version?: number): Promise<ScheduleResponse> {
    const { name, cameraIds, enabled, ...timesInput } = input;
    await this.dataSource.transaction(async (manager) => {
      const before = await this.getForChange(manager, id, version);
      const times = timesOf(timesInput, before);
      const said = { name: name ?? before.name, enabled: enabled ?? before.enabled };
      if (said.enabled) this.checkBegins(times);
      const now = this.clock.now();
      const counted = { version: before.version + 1, updatedAt: now, plannedUntil: now };
      const schedule = await this.schedules.save(manager, { ...before, ...times, ...said, ...counted });
      if (cameraIds) await this.schedules.setCameras(manager, id, cameraIds);
      if (schedule.enabled) await this.planner.planAnew(manager, schedule);
      else await this.planner.removePlanned(manager, id);
    });
    return this.get(id);
  }

  /** What it has planned goes; what has begun goes on. @throws AppError `SCHEDULE.NOT_FOUND`, `SCHEDULE.CHANGED` */
  async delete(id: string, version?: number): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const schedule = await this.getForChange(manager, id, version);
      await this.schedules.save(manager, { ...schedule, deletedAt: this.clock.now() });
      await this.planner.removePlanned(manager, id);
    });
  }

  async bulk({ ids, action }: BulkSchedulesDto): Promise<BulkResponse> {
    const enabled = action === 'enable';
    return {
      results: await doEach(ids, (id) => (action === 'delete' ? this.delete(id) : this.update(id, { enabled }))),
    };
  }

  private async getForChange(manager: EntityManager, id: string, version?: number): Promise<Schedule> {
    const schedule = await this.schedules.getLocked(manager, id);
    if (version === undefined || version === schedule.version) return schedule;
    throw new AppError({ code: 'SCHEDULE.CHANGED', values: { version: schedule.version } });
  }

  private checkBegins(times: ScheduleTimes): void {
    const next = planWindows(times, { fromMs: this.clock.nowMs(), toMs: Infinity, max: 1 });
    if (next.length === 0) throw new AppError({ code: 'SCHEDULE.NEVER' });
  }

  private get defaults(): Omit<ScheduleTimes, 'rule'> {
    return {
      ...{ timeZone: this.config.timeZone, durationSec: null, until: null, firstDate: null, lastDate: null },
      ...{ exceptDates: [], paddingBeforeSec: 0, paddingAfterSec: 0 },
    };
  }
}
