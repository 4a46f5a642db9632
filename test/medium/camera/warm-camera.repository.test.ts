import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Camera } from '../../../src/schema/camera.entity.js';
import { mainStream, streamLock } from '../../../src/schema/stream-id.js';
import { WarmCameraRepository } from '../../../src/modules/camera/warm-camera.repository.js';
import { LockSession } from '../../../src/modules/database/lock-session.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const ME = randomUUID();
const OTHER = randomUUID();

describe('the cameras that are to be warm', () => {
  let database: TestDatabase;
  let session: LockSession;
  let rows: WarmCameraRepository;
  beforeAll(async () => {
    database = await createTestDatabase();
    session = await LockSession.open(database.url);
    rows = new WarmCameraRepository(database.dataSource);
  });
  afterAll(async () => {
    await session.close();
    await database.drop();
  });

  async function camera(name: string, seenBy: string | null, isHeld: boolean, fields: Partial<Camera> = {}) {
    const row = { name, preRollSec: 5, ...fields } as Camera;
    const { id } = await database.dataSource.getRepository(Camera).save(row);
    if (isHeld) await session.tryLock([streamLock(mainStream(id))]);
    await database.dataSource.query(
      `INSERT INTO camera_status (camera_id, node_id, state, since) VALUES ($1, $2, 'online', now())`,
      [id, seenBy],
    );
    return id;
  }

  it('are for a recorder its own and those that nobody has, each with the recorder that was seen capturing it', async () => {
    const owned = await camera('owned', ME, true);
    const stolen = await camera('owned, and seen by another one before', OTHER, true);
    const left = await camera('left behind by another one', OTHER, false);
    const fresh = await camera('never captured', null, false);
    await camera('another one’s', OTHER, true);
    await camera('cold', null, false, { preRollSec: 0 });
    await camera('disarmed', null, false, { enabled: false });
    const deleted = await camera('deleted', null, false);
    await database.dataSource.query('UPDATE cameras SET deleted_at = now() WHERE id = $1', [deleted]);
    const found = await rows.findOwnedOrFree(ME, [owned, stolen]);
    expect(new Map(found.map(({ stream, foreignNodeId }) => [stream.cameraId, foreignNodeId]))).toEqual(
      new Map([
        [owned, null],
        [stolen, OTHER],
        [left, OTHER],
        [fresh, null],
      ]),
    );
    expect(found.map(({ preRollSec, source }) => [preRollSec, source.length])).toEqual(found.map(() => [5, 32]));
    // The rings on a disk are kept whoever captures now.
    expect(await rows.findAll()).toHaveLength(5);
  });
});
