import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LockSession } from '../../../src/modules/database/lock-session.js';
import { LogSweeper } from '../../../src/modules/log-sweep/log-sweeper.service.js';
import { readNodeId } from '../../../src/modules/cluster/node-identity.js';
import { nodeLock } from '../../../src/modules/cluster/recorder-home.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { leftFootage, missingMs, type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

describe('two recorders on one database', () => {
  let database: TestDatabase;
  let dir: string;
  let camera: VirtualCamera;
  const apps: RecorderApp[] = [];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hindsight-takeover-'));
    database = await createTestDatabase();
    camera = await startVirtualCamera({ profile: 'h264-aac', gopSec: 1, maxSessions: 1 });
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    await camera.stop();
    await database.drop();
    await rm(dir, { recursive: true, force: true });
  });

  async function start(name: string, env: Record<string, string> = {}): Promise<RecorderApp> {
    const app = await startRecorderApp(database, join(dir, name), env);
    apps.push(app);
    return app;
  }

  const nodeOf = async (playbackId: string): Promise<string | null> => {
    const [row] = await database.dataSource.query<{ node_id: string | null }[]>(
      'SELECT node_id FROM playbacks WHERE id = $1',
      [playbackId],
    );
    return row!.node_id;
  };

  /** Ends the session that holds the cameras of the recorder that has this recording, as a database does when a client is gone. */
  async function cutLocks(): Promise<void> {
    await database.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'hindsight locks' AND datname = current_database()`,
    );
  }

  it('share the work: one of them captures a camera, whoever was told of the event', async () => {
    const [first, second] = [await start('a'), await start('b')];
    const cameraId = await first.addCamera(camera);
    const events = await Promise.all([first.trigger(cameraId), second.trigger(cameraId)]);
    for (const { playbackId } of events) await first.untilFootage(playbackId, 1_000);
    expect(await nodeOf(events[0].playbackId)).toBe(await nodeOf(events[1].playbackId));
    for (const { id } of events) await second.end(id);
    for (const { playbackId } of events) await first.until(playbackId, 'COMPLETED');
    expect(camera.stats()).toMatchObject({ sessionsOpened: 1, sessionsRefused: 0, sessionsOpen: 0 });
  });

  it('hands over at a clean end: one playback with one gap, made of what both have recorded', async () => {
    const first = await start('a');
    const { id, playbackId } = await first.trigger(await first.addCamera(camera));
    await first.untilFootage(playbackId, 2_000);
    const second = await start('b');
    const before = await nodeOf(playbackId);
    await apps.shift()!.close();
    await eventually(async () => expect([null, before]).not.toContain(await nodeOf(playbackId)), 10_000);
    await second.untilFootage(playbackId, 4_000);
    await second.end(id);
    const done = await second.until(playbackId, 'COMPLETED');
    expect(done.completeness.gaps.map(({ cause }) => cause)).toEqual(['camera_starting', 'service_stopped']);
    expect(done.completeness.storedMs! + missingMs(done)).toBe(done.completeness.expectedMs);
    expect(camera.stats().sessionsRefused).toBe(0);
    const third = await start('a');
    await eventually(async () => expect(await leftFootage(dir)).toEqual([]), 15_000);
    expect((await third.playback(playbackId)).recordingStatus).toBe('COMPLETED');
  }, 90_000);

  it('sweep the home of another one in their folder when it has gone, but not when it may only have lost its lock', async () => {
    const first = await start('shared');
    await first.addCamera(camera, { preRollSec: 5 });
    const home = join(dir, 'shared');
    await eventually(async () => expect(await leftFootage(home)).not.toEqual([]));
    const second = await start('shared', { OWNERSHIP_LOSS_MS: '200', TAKEOVER_DELAY_MS: '400' });
    await apps.shift()!.close();
    const ring = await leftFootage(join(home, 'cameras'));
    const sweep = async () => {
      second.app.get(LogSweeper).wake();
      await delay(500);
      return leftFootage(join(home, 'cameras'));
    };
    const lock = await LockSession.open(database.url);
    await lock.tryLock([nodeLock(readNodeId(home)!)]);
    expect(await sweep()).toEqual(ring);
    await lock.close();
    expect(await sweep()).toEqual(ring);
    await eventually(async () => expect(await sweep()).toEqual([]), 10_000);
  });

  it('go on as they were when the database cuts their connections for a moment', async () => {
    const first = await start('a');
    const { id, playbackId } = await first.trigger(await first.addCamera(camera));
    await start('b');
    await first.untilFootage(playbackId, 1_000);
    const before = await nodeOf(playbackId);
    await cutLocks();
    await first.untilFootage(playbackId, 7_000);
    expect(await nodeOf(playbackId)).toBe(before);
    await first.end(id);
    const done = await first.until(playbackId, 'COMPLETED');
    expect(done.completeness.gaps.map(({ cause }) => cause)).toEqual(['camera_starting']);
    expect(camera.stats()).toMatchObject({ sessionsOpened: 1 });
  }, 60_000);
});
