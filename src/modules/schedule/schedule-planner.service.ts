import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { ZONE_DATA_VERSION } from '../../common/wall-time.js';
import type { Schedule } from '../../schema/schedule.entity.js';
import { type PlannedWindow, planWindows } from './domain/window-plan.js';
import { OccurrencePlanRepository } from './occurrence-plan.repository.js';

const DAY_MS = 86_400_000;
/** Whoever looks at the next two weeks sees them, and so long may all recorders be away before a start is missed without a trace. */
const AHEAD_MS = 14 * DAY_MS;
/** A plan that reaches further than this is left alone: each schedule is planned on once a day. */
const ENOUGH_MS = 13 * DAY_MS;
/** Of a schedule that begins every minute on one camera, sixteen hours are planned. */
const MAX_AHEAD = 1_000;
/** And of one with many cameras fewer, so that no change of a schedule writes more rows than this. */
const MAX_ROWS = 20_000;

/** Makes the rows of what schedules plan. */
@Injectable()
export class SchedulePlanner {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly rows: OccurrencePlanRepository,
  ) {}

  /** Plans a new or changed schedule anew from now on: what is not planned any more goes, unless somebody has edited it. */
  async planAnew(manager: EntityManager, schedule: Schedule): Promise<void> {
    const now = this.clock.now();
    const windows = await this.windowsOf(manager, schedule, now.getTime());
    const keys = windows.map(({ wallKey }) => wallKey);
    await this.rows.removeOthers(manager, schedule.id, keys, now);
    await this.write(manager, schedule, windows, now);
  }

  /** Takes back all that has not begun. */
  async removePlanned(manager: EntityManager, scheduleId: string): Promise<void> {
    await this.rows.removePlanned(manager, scheduleId, this.clock.now());
  }

  /**
   * Plans on what is not planned for two weeks, and anew what was planned by older rules of the zones. A process whose rules are older than
   * those of a plan leaves it to others. Any number of processes may do this at once.
   * @returns how many schedules it has planned
   */
  async planOn(): Promise<number> {
    const done: string[] = [];
    await this.rows.removeOfDeletedCameras(this.dataSource.manager, this.clock.now());
    for (;;) {
      const id = await this.dataSource.transaction((manager) => this.planNext(manager, done));
      if (id === null) return done.length;
      done.push(id);
    }
  }

  private async planNext(manager: EntityManager, skipIds: readonly string[]): Promise<string | null> {
    const now = this.clock.now();
    const enoughUntil = new Date(now.getTime() + ENOUGH_MS);
    const schedule = await this.rows.lockStale(manager, { now, zoneData: ZONE_DATA_VERSION, enoughUntil, skipIds });
    if (!schedule) return null;
    if (schedule.zoneData < ZONE_DATA_VERSION) await this.planAnew(manager, schedule);
    else await this.planFurther(manager, schedule, now);
    return schedule.id;
  }

  /** After a long pause, the last day is planned too, so that what was missed in it is told. */
  private async planFurther(manager: EntityManager, schedule: Schedule, now: Date): Promise<void> {
    const plannedMs = schedule.plannedUntil.getTime();
    const fromMs = Math.min(now.getTime(), Math.max(plannedMs, now.getTime() - DAY_MS));
    const windows = await this.windowsOf(manager, schedule, fromMs);
    const fresh = windows.filter(({ ruleMs }) => ruleMs >= plannedMs);
    await this.write(manager, schedule, fresh, now);
  }

  private async write(
    manager: EntityManager,
    schedule: Schedule,
    windows: readonly PlannedWindow[],
    now: Date,
  ): Promise<void> {
    await this.rows.upsert(manager, schedule, windows, now);
    const lastMs = windows.at(-1)?.ruleMs ?? -Infinity;
    const isFull = windows.length >= (await this.mostOf(manager, schedule));
    const untilMs = isFull ? lastMs + 1 : now.getTime() + AHEAD_MS;
    const plannedUntil = new Date(Math.max(schedule.plannedUntil.getTime(), untilMs));
    await this.rows.setPlanned(manager, schedule.id, { plannedUntil, zoneData: ZONE_DATA_VERSION });
  }

  /** Those of the next two weeks, or else the next one. */
  private async windowsOf(manager: EntityManager, schedule: Schedule, fromMs: number): Promise<PlannedWindow[]> {
    const toMs = this.clock.nowMs() + AHEAD_MS;
    const windows = planWindows(schedule, { fromMs, toMs, max: await this.mostOf(manager, schedule) });
    return windows.length > 0 ? windows : planWindows(schedule, { fromMs, toMs: Infinity, max: 1 });
  }

  private async mostOf(manager: EntityManager, { id }: Schedule): Promise<number> {
    const cameras = await this.rows.countCameras(manager, id);
    return Math.max(1, Math.min(MAX_AHEAD, Math.floor(MAX_ROWS / Math.max(1, cameras))));
  }
}
