import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../src/common/clock.js';
import { createLogger } from '../../../src/common/logging.js';
import { CameraStatusRepository, type SeenStatus } from '../../../src/modules/camera/camera-status.repository.js';
import { CameraStatusSaver } from '../../../src/modules/capture/camera-status-saver.js';
import type { CaptureFailure } from '../../../src/modules/capture/domain/failure.js';
import { NodeIdentity } from '../../../src/modules/cluster/node-identity.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';

const NODE = randomUUID();
const AWAY: CaptureFailure = {
  code: 'CAMERA.UNREACHABLE',
  message: 'Away.',
  cause: 'camera_unreachable',
  permanent: false,
};

/** Remembers what was written, and can be away. */
class WatchedRepository extends CameraStatusRepository {
  readonly written: string[] = [];
  isAway = false;

  override async save(cameraId: string, nodeId: string, status: SeenStatus): Promise<void> {
    if (this.isAway) throw new Error('connection refused');
    await super.save(cameraId, nodeId, status);
    this.written.push(status.state);
  }
}

describe('CameraStatusSaver', () => {
  let database: TestDatabase;
  let rows: WatchedRepository;
  let saver: CameraStatusSaver;
  let cameraId: string;
  beforeAll(async () => (database = await createTestDatabase()));
  afterAll(() => database.drop());
  beforeEach(async () => {
    const sql = "INSERT INTO cameras (name) VALUES ('c') RETURNING id";
    const [camera] = await database.dataSource.query<{ id: string }[]>(sql);
    cameraId = camera!.id;
    rows = new WatchedRepository(database.dataSource);
    saver = new CameraStatusSaver(new SystemClock(), createLogger('silent'), new NodeIdentity(NODE, '/nowhere'), rows);
  });
  afterEach(async () => {
    saver.stop();
    await saver.saved();
  });

  const stateOf = async () => (await rows.findByCameras([cameraId])).get(cameraId)?.state;
  const untilState = (state: string) => eventually(async () => expect(await stateOf()).toBe(state));
  const failed = (second: number) =>
    saver.report(cameraId, { kind: 'failed', atMs: second, footageEndMs: null, failure: AWAY });
  const footage = (second: number) => saver.report(cameraId, { kind: 'footage', startMs: second });

  it('writes what it sees', async () => {
    saver.report(cameraId, { kind: 'wanted', atMs: 1 });
    await untilState('connecting');
    footage(2);
    await untilState('online');
    failed(3);
    await untilState('offline');
    saver.report(cameraId, { kind: 'unwanted', atMs: 4 });
    // A row can be read a moment before its writer hears that it was written.
    await eventually(() => expect(rows.written).toEqual(['connecting', 'online', 'offline', 'idle']));
    expect(await stateOf()).toBe('idle');
  });

  it('writes of a flapping camera only what it is now', async () => {
    for (let second = 1; second <= 200; second += 2) {
      failed(second);
      footage(second + 1);
    }
    await saver.saved();
    expect(await stateOf()).toBe('online');
    expect(rows.written.length).toBeLessThanOrEqual(2);
  });

  it('writes the latest, once, when the database is back', async () => {
    rows.isAway = true;
    saver.report(cameraId, { kind: 'wanted', atMs: 1 });
    footage(2);
    failed(3);
    expect(await stateOf()).toBeUndefined();
    rows.isAway = false;
    await untilState('offline');
    expect(rows.written).toEqual(['offline']);
  });

  it('begins with what an earlier run of the same node left behind, before anything new', async () => {
    const since = new Date(1);
    await new CameraStatusRepository(database.dataSource).save(cameraId, NODE, {
      state: 'online',
      since,
      lastError: null,
    });
    saver.onApplicationBootstrap();
    await untilState('idle');
    footage(Date.now());
    await untilState('online');
  });

  it('writes the last change also while the service stops', async () => {
    footage(1);
    saver.stop();
    saver.report(cameraId, { kind: 'unwanted', atMs: 2 });
    await saver.saved();
    expect(await stateOf()).toBe('idle');
  });
});
