import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Condition } from '../../../src/modules/incident/domain/condition.js';
import type { IncidentCheck, IncidentMonitor } from '../../../src/modules/incident/incident-monitor.service.js';
import type { IncidentKind } from '../../../src/schema/incident.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { at, incidentsIn, insertCamera, insertPlayback, monitorOf, StillClock } from './incident-rig.js';

const NODE = randomUUID();
const OTHER = randomUUID();
const ROUND_SEC = 15;
const GONE_SEC = 5 * ROUND_SEC;

/** A check that finds what a test says, or breaks. */
class ToldCheck implements IncidentCheck {
  found: Condition[] = [];
  fault: Error | null = null;
  looks = 0;

  constructor(
    readonly kind: IncidentKind,
    readonly nodeId?: string,
  ) {}

  async find(): Promise<Condition[]> {
    this.looks += 1;
    if (this.fault) throw this.fault;
    return this.found;
  }
}

describe('IncidentMonitor', () => {
  let database: TestDatabase;
  let clock: StillClock;
  let cameraId: string;
  let lines: string[];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await database.dataSource.query('TRUNCATE incidents, cameras CASCADE');
    clock = new StillClock();
    cameraId = await insertCamera(database);
    lines = [];
  });

  const monitor = (...checks: IncidentCheck[]) => monitorOf(database, clock, checks, lines);
  const since = (sec: number, detail = 'It is away.'): Condition => ({
    subject: { cameraId },
    since: at(sec),
    detail,
  });
  const spans = async () =>
    (await incidentsIn(database)).map(({ beganAt, endedAt }) => ({ beganAt, endedAt: endedAt ?? 'goes on' }));
  const loggedTimes = (text: string) => lines.filter((line) => line.includes(text)).length;

  async function lookAt(sec: number, ...monitors: IncidentMonitor[]): Promise<void> {
    clock.sec = sec;
    for (const one of monitors) await one.look();
  }

  it('begins an incident when something has been wrong for long, and not sooner', async () => {
    const check = new ToldCheck('camera_silent');
    const one = monitor(check);
    check.found = [since(0)];
    await lookAt(44.999, one);
    expect(await incidentsIn(database)).toEqual([]);
    await lookAt(45, one);
    const [incident, ...more] = await incidentsIn(database);
    expect(more).toEqual([]);
    expect(incident).toMatchObject({ kind: 'camera_silent', cameraId, playbackId: null, nodeId: null });
    expect(incident).toMatchObject({ beganAt: at(0), openedAt: at(45), seenAt: at(45), endedAt: null });
  });

  it('goes on with one row that says what was found last, ends it when that is found no more, and begins a new one later', async () => {
    const check = new ToldCheck('camera_silent');
    const one = monitor(check);
    check.found = [since(0, 'It does not answer.')];
    await lookAt(60, one);
    check.found = [since(0, 'It refuses the password.')];
    await lookAt(75, one);
    const [open] = await incidentsIn(database);
    expect(open).toMatchObject({ detail: 'It refuses the password.', openedAt: at(60), seenAt: at(75), endedAt: null });
    check.found = [];
    await lookAt(90, one);
    await lookAt(105, one);
    expect(await spans()).toEqual([{ beganAt: at(0), endedAt: at(90) }]);
    check.found = [since(100)];
    await lookAt(145, one);
    expect(await spans()).toEqual([
      { beganAt: at(0), endedAt: at(90) },
      { beganAt: at(100), endedAt: 'goes on' },
    ]);
    expect([loggedTimes('an incident began'), loggedTimes('an incident is over')]).toEqual([2, 1]);
  });

  it('does not end what only pauses from look to look', async () => {
    const check = new ToldCheck('camera_silent');
    const one = monitor(check);
    check.found = [since(0)];
    await lookAt(45, one);
    check.found = [since(58)];
    await lookAt(60, one);
    expect(await spans()).toEqual([{ beganAt: at(0), endedAt: 'goes on' }]);
  });

  it('tells cameras, kinds and what is about no single thing apart', async () => {
    const other = await insertCamera(database);
    const cameras = new ToldCheck('camera_silent');
    const backlog = new ToldCheck('upload_backlog');
    const one = monitor(cameras, backlog);
    cameras.found = [since(0), { ...since(0), subject: { cameraId: other } }];
    backlog.found = [{ ...since(0), subject: {} }];
    await lookAt(45, one);
    await lookAt(60, one);
    cameras.found = [since(0)];
    await lookAt(75, one);
    const open = (await incidentsIn(database)).map(({ kind, cameraId: about, endedAt }) => [kind, about, endedAt]);
    expect(open).toHaveLength(3);
    expect(open).toEqual(
      expect.arrayContaining([
        ['camera_silent', cameraId, null],
        ['camera_silent', other, at(75)],
        ['upload_backlog', null, null],
      ]),
    );
  });

  it('has one row of what several processes see', async () => {
    const checks = [1, 2, 3].map(() => new ToldCheck('camera_silent'));
    for (const check of checks) check.found = [since(0)];
    const monitors = checks.map((check) => monitor(check));
    for (const sec of [45, 60]) {
      clock.sec = sec;
      await Promise.all(monitors.map((one) => one.look()));
    }
    expect(await spans()).toEqual([{ beganAt: at(0), endedAt: 'goes on' }]);
    expect(checks.reduce((sum, { looks }) => sum + looks, 0)).toBeGreaterThanOrEqual(2);
  });

  it('lets nobody write down older findings while one process looks', async () => {
    const { slow, inside, goOn } = slowCheck(since(0));
    const late = new ToldCheck('camera_silent');
    clock.sec = 45;
    const looking = monitor(slow).look();
    await inside.opened;
    await monitor(late).look();
    expect(late.looks).toBe(0);
    goOn.open();
    await looking;
    expect(await spans()).toHaveLength(1);
  });

  it('begins and ends nothing by a check that throws, says so once, and goes on with the others', async () => {
    const broken = new ToldCheck('camera_silent');
    const nodes = new ToldCheck('disk_low', NODE);
    const whole = new ToldCheck('upload_backlog');
    const one = monitor(broken, nodes, whole);
    broken.found = [since(0)];
    nodes.found = [{ ...since(0), subject: {} }];
    await lookAt(45, one);
    broken.fault = new Error('it broke');
    nodes.fault = new Error('it broke too');
    whole.found = [{ ...since(0), subject: {} }];
    for (const sec of [60, 75, 90]) await lookAt(sec, one);
    const rows = (await incidentsIn(database)).map(({ kind, endedAt }) => [kind, endedAt]);
    expect(rows.sort()).toEqual([
      ['camera_silent', null],
      ['disk_low', null],
      ['upload_backlog', null],
    ]);
    expect(loggedTimes('incidents could not be looked for')).toBe(2);
    broken.fault = null;
    broken.found = [];
    await lookAt(105, one);
    expect((await incidentsIn(database)).find(({ kind }) => kind === 'camera_silent')).toMatchObject({
      endedAt: at(105),
    });
    expect(loggedTimes('incidents can be looked for again')).toBe(1);
  });

  it('is not held up by a query that PostgreSQL refuses', async () => {
    const refused: IncidentCheck = {
      kind: 'camera_silent',
      find: async (_now, manager) => manager.query<Condition[]>('SELECT nothing FROM nowhere'),
    };
    const whole = new ToldCheck('upload_backlog');
    whole.found = [{ ...since(0), subject: {} }];
    await lookAt(45, monitor(refused, whole));
    expect((await incidentsIn(database)).map(({ kind }) => kind)).toEqual(['upload_backlog']);
  });

  it('goes with its camera, and with its playback', async () => {
    const playbackId = await insertPlayback(database, { cameraId });
    const silent = new ToldCheck('camera_silent');
    const overdue = new ToldCheck('recording_overdue');
    silent.found = [since(0)];
    overdue.found = [{ ...since(0), subject: { cameraId, playbackId } }];
    await lookAt(45, monitor(silent, overdue));
    const kinds = async () => (await incidentsIn(database)).map(({ kind }) => kind).sort();
    expect(await kinds()).toEqual(['camera_silent', 'recording_overdue']);
    await database.dataSource.query('DELETE FROM playbacks');
    expect(await kinds()).toEqual(['camera_silent']);
    await database.dataSource.query('DELETE FROM cameras');
    expect(await kinds()).toEqual([]);
  });

  it('waits for a look that is under way when it stops, and begins no other check', async () => {
    const { slow, inside, goOn } = slowCheck(since(0));
    const next = new ToldCheck('upload_backlog');
    clock.sec = 45;
    const one = monitor(slow, next);
    one.onApplicationBootstrap();
    const looking = one.look();
    await inside.opened;
    let stopped = false;
    const stopping = one.beforeApplicationShutdown().then(() => (stopped = true));
    await setImmediate();
    expect(stopped).toBe(false);
    goOn.open();
    await Promise.all([looking, stopping]);
    expect(next.looks).toBe(0);
    expect(await spans()).toHaveLength(1);
  });

  describe('with several recorders', () => {
    const low = (sec: number): Condition => ({ subject: {}, since: at(sec), detail: 'The disk is full.' });
    const disk = (nodeId: string, ...found: Condition[]) => Object.assign(new ToldCheck('disk_low', nodeId), { found });
    const disks = async () =>
      (await incidentsIn(database)).map(({ nodeId, endedAt }) => [nodeId, endedAt ?? 'goes on']);

    it('lets each say of itself alone what is over', async () => {
      const [here, there] = [disk(NODE, low(0)), disk(OTHER, low(0))];
      const monitors = [monitor(here), monitor(there)];
      await lookAt(45, ...monitors);
      here.found = [];
      await lookAt(60, ...monitors);
      expect(new Map((await disks()) as [string, unknown][])).toEqual(
        new Map<string, unknown>([
          [NODE, at(60)],
          [OTHER, 'goes on'],
        ]),
      );
    });

    /** Looks at every round after `fromSec`, up to and at `toSec`. */
    async function lookUntil(toSec: number, fromSec: number, ...monitors: IncidentMonitor[]): Promise<void> {
      for (let sec = fromSec + ROUND_SEC; sec < toSec; sec += ROUND_SEC) await lookAt(sec, ...monitors);
      await lookAt(toSec, ...monitors);
    }

    it('ends what one that is gone has left, where it was last seen', async () => {
      const dead = monitor(disk(OTHER, low(0)));
      const alive = monitor(disk(NODE));
      await lookAt(45, alive, dead);
      await lookAt(60, alive, dead);
      await lookUntil(60 + GONE_SEC - 1, 60, alive);
      expect(await disks()).toEqual([[OTHER, 'goes on']]);
      await lookAt(60 + GONE_SEC, alive);
      expect(await disks()).toEqual([[OTHER, at(60)]]);
      await lookAt(150, alive, dead);
      expect(await disks()).toEqual([
        [OTHER, at(60)],
        [OTHER, 'goes on'],
      ]);
    });

    it('does not take one for gone that is there and cannot look', async () => {
      const blind = disk(OTHER, low(0));
      const monitors = [monitor(disk(NODE)), monitor(blind)];
      await lookAt(45, ...monitors);
      blind.fault = new Error('the disk does not say');
      await lookUntil(45 + 2 * GONE_SEC, 45, ...monitors);
      expect(await disks()).toEqual([[OTHER, 'goes on']]);
    });

    it('does not take one for gone after an outage in which nobody could look', async () => {
      const back = disk(NODE);
      const alive = monitor(back);
      await lookAt(45, alive, monitor(disk(OTHER, low(0))));
      back.fault = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      await lookUntil(45 + GONE_SEC, 45, alive);
      back.fault = null;
      const backSec = 45 + GONE_SEC + ROUND_SEC;
      await lookAt(backSec, alive);
      await lookUntil(backSec + GONE_SEC - 1, backSec, alive);
      expect(await disks()).toEqual([[OTHER, 'goes on']]);
      await lookAt(backSec + GONE_SEC, alive);
      expect(await disks()).toEqual([[OTHER, at(45)]]);
    });

    it('does not take one for gone by a process that has just started, or that has just woken up', async () => {
      const sleeper = monitor(disk(NODE));
      await lookAt(45, sleeper, monitor(disk(OTHER, low(0))));
      await lookAt(3_600, sleeper, monitor(disk(NODE)));
      expect(await disks()).toEqual([[OTHER, 'goes on']]);
    });
  });
});

/** Something to wait for. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** A check that says when a look has come to it, and goes on when it is told to. */
function slowCheck(condition: Condition) {
  const [inside, goOn] = [gate(), gate()];
  const slow: IncidentCheck = {
    kind: 'camera_silent',
    find: async () => {
      inside.open();
      await goOn.opened;
      return [condition];
    },
  };
  return { slow, inside, goOn };
}
