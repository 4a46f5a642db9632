import { randomBytes } from 'node:crypto';
import { Clock, SystemClock } from '../../../src/common/clock.js';
import { TimelineModule } from '../../../src/modules/timeline/timeline.module.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { type Answer, startTestApp, type TestApp } from '../../support/http-app.js';

/** A time that the test sets. */
export class SetClock extends SystemClock {
  constructor(private ms: number) {
    super();
  }

  override nowMs(): number {
    return this.ms;
  }

  set(ms: number): void {
    this.ms = ms;
  }
}

export interface TimelineRig extends TestApp {
  database: TestDatabase;
  clock: SetClock;
  viewer: string;
  insertCamera(): Promise<string>;
  /** What a viewer gets. */
  ask(cameraId: string, what: string, query?: Record<string, string>): Promise<Answer>;
}

/** The timeline as it runs in the service: real HTTP, guards, database and store. Its clock stands still. */
export async function startTimelineRig(nowMs: number, env: Record<string, string> = {}): Promise<TimelineRig> {
  const database = await createTestDatabase();
  const clock = new SetClock(Date.now());
  const secrets = { CREDENTIALS_KEY: randomBytes(32).toString('base64') };
  const app = await startTestApp(
    database,
    { ...secrets, JWT_EXPIRES_IN: '999d', ...env },
    { imports: [TimelineModule], providers: [{ provide: Clock, useValue: clock }] },
  );
  const viewer = await app.tokenOf('VIEWER');
  clock.set(nowMs);
  return {
    ...{ ...app, database, clock, viewer },
    insertCamera: async () => {
      const sql = `INSERT INTO cameras (name) VALUES ('yard') RETURNING id`;
      return (await database.dataSource.query<[{ id: string }]>(sql))[0].id;
    },
    ask: (cameraId, what, query = {}) =>
      app.call('GET', `/cameras/${cameraId}/footage/${what}?${new URLSearchParams(query).toString()}`, {
        token: viewer,
      }),
    close: async () => {
      await app.close();
      await database.drop();
    },
  };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
