import { Injectable, type OnModuleInit } from '@nestjs/common';
import { IncidentMonitor } from '../incident/index.js';
import { DueOccurrencesRepository } from './due-occurrences.repository.js';

/** So long after its end a missed recording is still told, for nobody may have looked at the minute that it lasted. */
const TOLD_MS = 3_600_000;

/** Tells the monitor of scheduled recordings that have not begun: every process sees it by their rows, also while no recorder runs. */
@Injectable()
export class ScheduleIncidents implements OnModuleInit {
  constructor(
    private readonly monitor: IncidentMonitor,
    private readonly due: DueOccurrencesRepository,
  ) {}

  onModuleInit(): void {
    this.monitor.register({
      kind: 'missed_start',
      find: async (now, manager) => {
        const missed = await this.due.findMissed(manager, now, new Date(now.getTime() - TOLD_MS));
        return missed.map(({ cameraId, count, since }) => ({ subject: { cameraId }, since, detail: detailOf(count) }));
      },
    });
  }
}

function detailOf(count: number): string {
  const what = count === 1 ? 'A scheduled recording' : `${count} scheduled recordings`;
  return `${what} of this camera should have begun: no recorder runs, or none can record.`;
}
