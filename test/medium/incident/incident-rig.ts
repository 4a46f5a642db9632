import { SystemClock } from '../../../src/common/clock.js';
import { createLogger } from '../../../src/common/logging.js';
import { loadConfig } from '../../../src/config/app-config.js';
import { type IncidentCheck, IncidentMonitor } from '../../../src/modules/incident/incident-monitor.service.js';
import { IncidentRepository } from '../../../src/modules/incident/incident.repository.js';
import { Camera } from '../../../src/schema/camera.entity.js';
import { Incident } from '../../../src/schema/incident.entity.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import type { TestDatabase } from '../../support/database.js';

export const NOON_MS = Date.UTC(2026, 0, 31, 12);

/** It is noon until a test moves it. */
export class StillClock extends SystemClock {
  sec = 0;

  override nowMs(): number {
    return NOON_MS + this.sec * 1_000;
  }
}

/** So many seconds after noon. */
export const at = (sec: number) => new Date(NOON_MS + sec * 1_000);

/** The monitor of one process, which looks when it is told to. */
export function monitorOf(
  { dataSource }: TestDatabase,
  clock: StillClock,
  checks: readonly IncidentCheck[],
  lines: string[] = [],
): IncidentMonitor {
  const logger = createLogger('info', (line) => lines.push(line));
  const monitor = new IncidentMonitor(loadConfig({}), clock, logger, dataSource, new IncidentRepository(dataSource));
  for (const check of checks) monitor.register(check);
  return monitor;
}

/** All incidents, in the order in which they were opened. */
export async function incidentsIn({ dataSource }: TestDatabase): Promise<Incident[]> {
  return dataSource.getRepository(Incident).find({ order: { openedAt: 'ASC', subject: 'ASC' } });
}

export async function insertCamera({ dataSource }: TestDatabase, fields: Partial<Camera> = {}): Promise<string> {
  return (await dataSource.getRepository(Camera).save({ name: 'yard', ...fields } as Camera)).id;
}

export async function insertPlayback(
  { dataSource }: TestDatabase,
  fields: Partial<Playback> & { cameraId: string },
): Promise<string> {
  return (await dataSource.getRepository(Playback).save(fields as Playback)).id;
}
