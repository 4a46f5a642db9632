import { Clock } from '../../../src/common/clock.js';
import { createLogger } from '../../../src/common/logging.js';
import { AppConfig } from '../../../src/config/app-config.js';
import type { RecordingAdmission } from '../../../src/modules/capture/index.js';
import { DueOccurrencesRepository } from '../../../src/modules/schedule/due-occurrences.repository.js';
import { OccurrenceOpener } from '../../../src/modules/schedule/occurrence-opener.service.js';
import { OccurrenceStarter } from '../../../src/modules/schedule/occurrence-starter.js';
import type { OccurrenceResponse } from '../../../src/modules/schedule/occurrence.dto.js';
import { ScheduleModule } from '../../../src/modules/schedule/schedule.module.js';
import { SchedulePlanner } from '../../../src/modules/schedule/schedule-planner.service.js';
import type { ScheduleResponse } from '../../../src/modules/schedule/schedule.response.js';
import { type PlaybackApp, startPlaybackApp } from '../playback/playback-app.js';

export const DAY_MS = 86_400_000;

export interface ScheduleApp extends PlaybackApp {
  planner: SchedulePlanner;
  /** The opener of one more recorder, that can record unless it is told otherwise. */
  newOpener(canRecord?: () => boolean): OccurrenceOpener;
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): ReturnType<PlaybackApp['call']>;
  /** A schedule of one camera that is new unless one is given. */
  schedule(fields?: Record<string, unknown>): Promise<ScheduleResponse>;
  occurrences(query?: string): Promise<OccurrenceResponse[]>;
  /** A wall time of UTC, so many seconds from now. */
  wallIn(sec: number): string;
}

/** The schedules as they run in a process with an API; the recorders' side is called by the test. */
export async function startScheduleApp(env: Record<string, string> = {}): Promise<ScheduleApp> {
  const app = await startPlaybackApp(env, [ScheduleModule.forRole('api')]);
  const { clock } = app;
  const container = app.app;
  const find = <T>(type: abstract new (...args: never[]) => T): T => container.get(type as never, { strict: false });
  const ask: ScheduleApp['ask'] = (method, path, body, headers = {}) =>
    app.call(method, path, { token: app.tokens.OPERATOR, body, headers });
  return {
    ...app,
    clock,
    ask,
    planner: find(SchedulePlanner),
    newOpener: (canRecord = () => true) => {
      const admission = { refusal: async () => (canRecord() ? null : {}) } as unknown as RecordingAdmission;
      const [due, starter] = [find(DueOccurrencesRepository), find(OccurrenceStarter)];
      const { dataSource } = app.database;
      return new OccurrenceOpener(
        ...([find(AppConfig), find(Clock), createLogger('silent'), dataSource, admission, due, starter] as const),
      );
    },
    schedule: async (fields = {}) => {
      const cameraIds = fields['cameraIds'] ?? [(await app.insertCamera()).id];
      const body = {
        name: 'bay',
        rule: { kind: 'daily', at: '08:00' },
        durationSec: 3_600,
        timeZone: 'UTC',
        ...fields,
      };
      const { status, json, text } = await ask('POST', '/schedules', { ...body, cameraIds });
      if (status !== 201) throw new Error(`POST /schedules answered ${status}: ${text}`);
      return json as unknown as ScheduleResponse;
    },
    occurrences: async (query = '') => (await ask('GET', `/occurrences${query}`)).json['data'] as OccurrenceResponse[],
    wallIn: (sec) => new Date(clock.nowMs() + sec * 1_000).toISOString().slice(0, 19),
  };
}
