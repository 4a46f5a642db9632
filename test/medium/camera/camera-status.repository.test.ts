import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CameraStatusRepository, type SeenStatus } from '../../../src/modules/camera/camera-status.repository.js';
import { CamerasByStateRepository } from '../../../src/modules/camera/cameras-by-state.repository.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const NODE = randomUUID();
const OTHER = randomUUID();
const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 12, 0, second));
const online: SeenStatus = { state: 'online', since: at(1), lastError: null };
const lastError = { code: 'CAMERA.UNREACHABLE', message: 'It is away.', at: at(2) };
const offline: SeenStatus = { state: 'offline', since: at(2), lastError };
const idle: SeenStatus = { state: 'idle', since: at(3), lastError: null };

describe('CameraStatusRepository', () => {
  let database: TestDatabase;
  let rows: CameraStatusRepository;
  let cameraId: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    rows = new CameraStatusRepository(database.dataSource);
  });
  afterAll(() => database.drop());
  beforeEach(async () => (cameraId = await addCamera()));

  async function addCamera(): Promise<string> {
    const sql = "INSERT INTO cameras (name) VALUES ('c') RETURNING id";
    const [camera] = await database.dataSource.query<{ id: string }[]>(sql);
    return camera!.id;
  }

  const read = async () => (await rows.findByCameras([cameraId])).get(cameraId);

  it('knows nothing of a camera that was never captured', async () => {
    expect(await read()).toBeUndefined();
    expect(await rows.findByCameras([])).toEqual(new Map());
  });

  it('keeps the latest, and the last error when all is well again', async () => {
    await rows.save(cameraId, NODE, online);
    expect(await read()).toMatchObject({ nodeId: NODE, state: 'online', since: at(1), lastErrorCode: null });
    await rows.save(cameraId, NODE, offline);
    await rows.save(cameraId, NODE, { ...online, since: at(5) });
    const error = { lastErrorCode: lastError.code, lastErrorMessage: lastError.message, lastErrorAt: lastError.at };
    expect(await read()).toMatchObject({ nodeId: NODE, state: 'online', since: at(5), ...error });
    await rows.save(cameraId, NODE, idle);
    expect(await read()).toMatchObject({ nodeId: null, state: 'idle', since: at(3), ...error });
  });

  it('lets a new owner overwrite what a dead one left, and no former owner say that nobody wants it', async () => {
    await rows.save(cameraId, OTHER, online);
    await rows.save(cameraId, NODE, { ...online, since: at(9) });
    await rows.save(cameraId, OTHER, idle);
    expect(await read()).toMatchObject({ nodeId: NODE, state: 'online', since: at(9) });
  });

  it('does nothing for a camera whose row is gone', async () => {
    await rows.save(randomUUID(), NODE, online);
  });

  it('resets what one node captured, and nothing of another', async () => {
    const others = await addCamera();
    await rows.save(cameraId, NODE, offline);
    await rows.save(others, OTHER, online);
    await rows.resetForNode(NODE, at(30));
    expect(await read()).toMatchObject({ nodeId: null, state: 'idle', since: at(30), lastErrorCode: lastError.code });
    expect((await rows.findByCameras([others])).get(others)).toMatchObject({ nodeId: OTHER, state: 'online' });
  });

  it('is counted for the metrics: every camera once, deleted ones not', async () => {
    const counter = new CamerasByStateRepository(database.dataSource);
    await database.dataSource.query('DELETE FROM cameras');
    const [first, second, deleted] = [await addCamera(), await addCamera(), await addCamera(), await addCamera()];
    await rows.save(first, NODE, online);
    await rows.save(second, NODE, offline);
    await rows.save(deleted, NODE, online);
    await database.dataSource.query('UPDATE cameras SET deleted_at = now() WHERE id = $1', [deleted]);
    expect([...(await counter.count())]).toEqual([
      ['idle', 1],
      ['connecting', 0],
      ['online', 1],
      ['offline', 1],
    ]);
  });
});
