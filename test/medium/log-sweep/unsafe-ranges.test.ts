import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Camera } from '../../../src/schema/camera.entity.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { UnsafeRangesRepository } from '../../../src/modules/log-sweep/unsafe-ranges.repository.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

describe('ranges whose footage must stay on a disk', () => {
  const nodeId = randomUUID();
  let database: TestDatabase;
  let rows: UnsafeRangesRepository;
  let cameraId: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    rows = new UnsafeRangesRepository(database.dataSource);
    cameraId = (await database.dataSource.getRepository(Camera).save({ name: 'yard' })).id;
  });
  afterAll(() => database.drop());

  it('are those of unfinished recordings of cameras and files that the disk holds, whoever records them', async () => {
    const { id: elsewhere } = await database.dataSource.getRepository(Camera).save({ name: 'far' });
    const insert = async (recordingStatus: Playback['recordingStatus'], of: string, fields: Partial<Playback> = {}) =>
      (await database.dataSource.getRepository(Playback).save({ recordingStatus, cameraId: of, ...fields })).id;
    const [pending, recording, processing] = [
      await insert('PENDING', cameraId),
      await insert('RECORDING', cameraId, { nodeId: randomUUID() }),
      await insert('PROCESSING', cameraId, { nodeId }),
    ];
    await insert('COMPLETED', cameraId);
    await insert('FAILED', cameraId);
    const kept = await insert('FAILED', elsewhere, { localPath: '/x', footageNodes: [nodeId] });
    const [far, assembled] = [await insert('RECORDING', elsewhere), await insert('PROCESSING', elsewhere)];
    const find = async (cameraIds: string[], playbackIds: string[]) =>
      new Set((await rows.find(nodeId, { cameraIds, playbackIds })).map(({ playbackId }) => playbackId));
    expect(await find([cameraId], [assembled])).toEqual(new Set([pending, recording, processing, kept, assembled]));
    expect(await find([cameraId, elsewhere], [])).toEqual(
      new Set([pending, recording, processing, kept, assembled, far]),
    );
    expect(await find([], [])).toEqual(new Set([kept]));
    // A folder that somebody else has put there.
    expect(await find(['lost+found'], ['.trash', ''])).toEqual(new Set([kept]));
  });
});
