import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import { createLogger } from '../../../src/common/logging.js';
import { loadConfig } from '../../../src/config/app-config.js';
import { CameraModule } from '../../../src/modules/camera/camera.module.js';
import { CameraStatusRepository, type SeenStatus } from '../../../src/modules/camera/camera-status.repository.js';
import { NodeIdentity } from '../../../src/modules/cluster/node-identity.js';
import { DiskIncidents } from '../../../src/modules/footage/disk-incidents.js';
import { DiskSpace } from '../../../src/modules/footage/disk-space.service.js';
import { Metrics } from '../../../src/modules/health/metrics.js';
import { IncidentMonitor } from '../../../src/modules/incident/incident-monitor.service.js';
import { JobsModule } from '../../../src/modules/jobs/jobs.module.js';
import { RecordingModule } from '../../../src/modules/recording/recording.module.js';
import { Camera } from '../../../src/schema/camera.entity.js';
import type { Incident } from '../../../src/schema/incident.entity.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { startTestApp, type TestApp } from '../../support/http-app.js';
import { startRecorderApp } from '../../support/recorder/recorder-app.js';
import { at, incidentsIn, insertCamera, insertPlayback, monitorOf, StillClock } from './incident-rig.js';

const NODE = randomUUID();
const lastError = { code: 'CAMERA.UNREACHABLE', message: 'The camera did not answer.', at: at(1) };

describe('what is looked for', () => {
  let database: TestDatabase;
  let app: TestApp;
  let clock: StillClock;
  let statuses: CameraStatusRepository;
  let cameraId: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    clock = new StillClock();
    statuses = new CameraStatusRepository(database.dataSource);
    // Nothing records here: every process sees this much.
    app = await startTestApp(
      database,
      { CREDENTIALS_KEY: Buffer.alloc(32, 7).toString('base64') },
      {
        imports: [CameraModule, JobsModule, RecordingModule.forRole('api')],
        providers: [{ provide: Clock, useValue: clock }],
      },
    );
  });
  afterAll(async () => {
    await app?.close();
    await database.drop();
  });
  beforeEach(async () => {
    await database.dataSource.query('TRUNCATE incidents, cameras CASCADE');
    cameraId = await insertCamera(database);
  });

  /** The incidents after a look so many seconds after noon. */
  async function lookAt(sec: number): Promise<Incident[]> {
    clock.sec = sec;
    await app.app.get(IncidentMonitor).look();
    return incidentsIn(database);
  }

  const change = async (id: string, fields: Partial<Omit<Playback, 'event' | 'camera'>>) =>
    void (await database.dataSource.manager.update(Playback, { id }, fields));

  describe('at a camera', () => {
    const see = (status: Partial<SeenStatus>) =>
      statuses.save(cameraId, NODE, { state: 'offline', since: at(0), lastError: null, ...status });

    it('that is offline: an incident after 45 s, until it is online again', async () => {
      await see({ lastError });
      expect(await lookAt(44)).toEqual([]);
      const [incident] = await lookAt(45);
      expect(incident).toMatchObject({ kind: 'camera_silent', cameraId, playbackId: null, nodeId: null });
      expect(incident).toMatchObject({ beganAt: at(0), openedAt: at(45), endedAt: null });
      expect(incident?.detail).toBe('The camera gives no footage (CAMERA.UNREACHABLE): The camera did not answer.');
      await see({ state: 'online', since: at(50) });
      expect(await lookAt(60)).toMatchObject([{ id: incident?.id, beganAt: at(0), endedAt: at(60) }]);
    });

    it('that is being opened for long, without an error of another time', async () => {
      await see({ state: 'connecting', lastError: { ...lastError, at: at(-60) } });
      expect(await lookAt(44)).toEqual([]);
      const [incident] = await lookAt(45);
      expect(incident?.detail).toBe('The camera is being opened and has given no footage yet.');
    });

    it('that nobody wants, or that gives footage: none', async () => {
      await see({ state: 'idle' });
      expect(await lookAt(3_600)).toEqual([]);
      await see({ state: 'online' });
      expect(await lookAt(3_600)).toEqual([]);
    });

    it.each([
      ['disarmed', { enabled: false }],
      ['deleted', { deletedAt: at(50) }],
    ])('that is %s: its incident ends, and none begins', async (_how, fields) => {
      await see({ lastError });
      expect(await lookAt(45)).toMatchObject([{ endedAt: null }]);
      await database.dataSource.manager.update(Camera, { id: cameraId }, fields);
      expect(await lookAt(60)).toMatchObject([{ endedAt: at(60) }]);
      expect(await lookAt(3_600)).toHaveLength(1);
    });
  });

  describe('at a recording', () => {
    const insert = (fields: Partial<Playback>) =>
      insertPlayback(database, { cameraId, createdAt: at(0), rangeStartAt: at(0), deadlineAt: at(300), ...fields });

    it('that does not begin: an incident 45 s after its trigger, however far back its range reaches', async () => {
      const playbackId = await insert({ rangeStartAt: at(-30) });
      expect(await lookAt(44)).toEqual([]);
      const [incident] = await lookAt(45);
      expect(incident).toMatchObject({ kind: 'recording_not_started', playbackId, cameraId, beganAt: at(0) });
      expect(incident?.detail).toContain('No recorder has taken this recording yet');
      await change(playbackId, { nodeId: NODE });
      const [taken] = await lookAt(60);
      expect(taken?.detail).toContain('A recorder has taken this recording');
      await change(playbackId, { recordingStatus: 'RECORDING' });
      expect(await lookAt(75)).toMatchObject([{ playbackId, beganAt: at(0), endedAt: at(75) }]);
    });

    it('whose range is still to begin: none before that', async () => {
      await insert({ rangeStartAt: at(600), deadlineAt: at(900) });
      expect(await lookAt(644)).toEqual([]);
      expect(await lookAt(645)).toMatchObject([{ kind: 'recording_not_started', beganAt: at(600) }]);
    });

    it('that does not end: an incident 45 s after the end of its range, until it is over', async () => {
      const playbackId = await insert({ recordingStatus: 'RECORDING', rangeEndAt: at(20) });
      expect(await lookAt(64)).toEqual([]);
      const [incident] = await lookAt(65);
      expect(incident).toMatchObject({ kind: 'recording_overdue', playbackId, cameraId, beganAt: at(20) });
      expect(incident?.detail).toContain(at(20).toISOString());
      await change(playbackId, { recordingStatus: 'PROCESSING' });
      expect(await lookAt(80)).toMatchObject([{ playbackId, endedAt: at(80) }]);
    });

    it('that nobody has ended: none before its dead-man limit', async () => {
      await insert({ recordingStatus: 'RECORDING' });
      expect(await lookAt(344)).toEqual([]);
      expect(await lookAt(345)).toMatchObject([{ kind: 'recording_overdue', beganAt: at(300) }]);
    });

    it('that is over: none', async () => {
      for (const recordingStatus of ['COMPLETED', 'FAILED'] as const)
        await insert({ recordingStatus, rangeEndAt: at(20) });
      expect(await lookAt(86_400)).toEqual([]);
    });

    it('that waits to be stored: one incident for all, when the oldest has waited for ten minutes', async () => {
      const waiting = { recordingStatus: 'PROCESSING' as const };
      const first = await insert({ ...waiting, rangeEndAt: at(10) });
      const second = await insert({ ...waiting, rangeEndAt: at(30) });
      await insert({ ...waiting, rangeEndAt: at(600) });
      expect(await lookAt(654)).toEqual([]);
      const [incident, ...more] = await lookAt(655);
      expect(more).toEqual([]);
      expect(incident).toMatchObject({ kind: 'upload_backlog', cameraId: null, playbackId: null, beganAt: at(610) });
      expect(incident?.detail).toBe(`2 recordings wait to be stored, the oldest since ${at(10).toISOString()}.`);
      await change(first, { recordingStatus: 'COMPLETED' });
      const [left] = await lookAt(670);
      expect(left).toMatchObject({ beganAt: at(610), endedAt: null });
      expect(left?.detail).toBe(`1 recording waits to be stored, the oldest since ${at(30).toISOString()}.`);
      await change(second, { recordingStatus: 'FAILED' });
      expect(await lookAt(685)).toMatchObject([{ id: incident?.id, endedAt: at(685) }]);
    });
  });

  describe('at the disk of a recorder', () => {
    let dir: string;
    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), 'hindsight-incidents-'));
      clock.sec = 0;
    });
    afterEach(() => rm(dir, { recursive: true, force: true }));

    function watch(recordDir: string): { disk: DiskSpace; monitor: IncidentMonitor } {
      const config = loadConfig({ RECORD_DIR: recordDir, MIN_FREE_DISK_BYTES: '0' });
      const disk = new DiskSpace(config, clock, createLogger('silent'), new Metrics());
      const monitor = monitorOf(database, clock, []);
      new DiskIncidents(monitor, new NodeIdentity(NODE, recordDir), disk).onModuleInit();
      return { disk, monitor };
    }

    it('that is full: an incident after 45 s, until there is room', async () => {
      const { disk, monitor } = watch(dir);
      disk.noteFull();
      clock.sec = 44;
      await monitor.look();
      expect(await incidentsIn(database)).toEqual([]);
      clock.sec = 45;
      await monitor.look();
      const [incident] = await incidentsIn(database);
      expect(incident).toMatchObject({ kind: 'disk_low', nodeId: NODE, cameraId: null, beganAt: at(0), endedAt: null });
      expect(incident?.detail).toMatch(/too full to record: .* GiB are free, recording goes on at .* GiB/);
      await disk.check();
      clock.sec = 60;
      await monitor.look();
      expect(await incidentsIn(database)).toMatchObject([{ endedAt: at(60) }]);
    });

    it('that cannot be looked at, without saying where it is', async () => {
      const { disk, monitor } = watch('/dev/null/private');
      await disk.check();
      clock.sec = 45;
      await monitor.look();
      const [incident] = await incidentsIn(database);
      expect(incident).toMatchObject({ kind: 'disk_low', beganAt: at(0) });
      expect(incident?.detail).toContain('cannot be looked at');
      expect(incident?.detail).not.toContain('/dev/null');
    });

    it('is looked at in a process that records, in its name', async () => {
      const full = { MIN_FREE_DISK_BYTES: String(Number.MAX_SAFE_INTEGER), INCIDENT_AFTER_SEC: '0' };
      const recorder = await startRecorderApp(database, dir, full);
      try {
        await recorder.app.get(IncidentMonitor).look();
        const [node] = await database.dataSource.query<{ id: string }[]>('SELECT id FROM recorders');
        expect(await incidentsIn(database)).toMatchObject([{ kind: 'disk_low', nodeId: node!.id, endedAt: null }]);
      } finally {
        await recorder.close();
      }
    });
  });
});
