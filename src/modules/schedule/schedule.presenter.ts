import { wallOf } from '../../common/wall-time.js';
import type { PlannedWindow } from './domain/window-plan.js';
import type { ShownSchedule } from './schedule.repository.js';
import type { PreviewedOccurrence, ScheduleResponse } from './schedule.response.js';

export function toScheduleResponse(schedule: ShownSchedule): ScheduleResponse {
  const { id, name, cameraIds, rule, timeZone, durationSec, until, firstDate, lastDate, exceptDates } = schedule;
  const { paddingBeforeSec, paddingAfterSec, enabled, version, createdAt, updatedAt } = schedule;
  return {
    ...{ id, name, cameraIds, rule, timeZone, durationSec, until, firstDate, lastDate, exceptDates },
    ...{ paddingBeforeSec, paddingAfterSec, enabled, version },
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

export function toPreview(window: PlannedWindow, timeZone: string): PreviewedOccurrence {
  const { startMs, endMs, recordFromMs, recordToMs, note } = window;
  return {
    startsAt: iso(startMs),
    endsAt: iso(endMs),
    recordFrom: iso(recordFromMs),
    recordTo: iso(recordToMs),
    localStart: wallOf(startMs, timeZone),
    localEnd: wallOf(endMs, timeZone),
    lengthSec: Math.round((endMs - startMs) / 1_000),
    note,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
