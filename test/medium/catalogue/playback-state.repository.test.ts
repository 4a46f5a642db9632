import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Camera } from '../../../src/schema/camera.entity.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { FootagePin } from '../../../src/schema/footage.entity.js';
import { canTransition, isFinal, RECORDING_STATUSES } from '../../../src/schema/playback-state.js';
import { PlaybackStateRepository } from '../../../src/modules/catalogue/playback-state.repository.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

describe('PlaybackStateRepository', () => {
  const states = new PlaybackStateRepository();
  let database: TestDatabase;
  let cameraId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    cameraId = (await database.dataSource.getRepository(Camera).save({ name: 'yard' })).id;
  });
  afterAll(() => database.drop());

  const insert = async (recordingStatus: Playback['recordingStatus'], kind: Playback['kind'] = 'event') =>
    (await database.dataSource.getRepository(Playback).save({ cameraId, recordingStatus, kind })).id;
  const read = (id: string) => database.dataSource.getRepository(Playback).findOneByOrFail({ id });

  it.each(RECORDING_STATUSES.flatMap((from) => RECORDING_STATUSES.map((to) => [from, to] as const)))(
    'moves a row from %s to %s only if the table allows it, the patch with it',
    async (from, to) => {
      const id = await insert(from);
      const moved = await states.transition(database.dataSource.manager, id, to, { failureCode: 'TEST.PATCH' });
      const { recordingStatus, failureCode } = await read(id);
      expect(moved).toBe(canTransition(from, to));
      expect([recordingStatus, failureCode]).toEqual(moved ? [to, 'TEST.PATCH'] : [from, null]);
    },
  );

  it.each(RECORDING_STATUSES.flatMap((from) => RECORDING_STATUSES.map((to) => [from, to] as const)))(
    'moves an export from %s to %s only if the table allows it, and lets go of its footage at its end',
    async (from, to) => {
      const id = await insert(from, 'export');
      const pins = database.dataSource.getRepository(FootagePin);
      const range = { startAt: new Date(0), endAt: new Date(1) };
      await pins.insert({ cameraId, ...range, reason: 'export', refId: id });
      await pins.insert({ cameraId, ...range, reason: 'playback', refId: id });
      const moved = await states.transition(database.dataSource.manager, id, to);
      expect(moved).toBe(canTransition(from, to, 'export'));
      expect((await read(id)).recordingStatus).toBe(moved ? to : from);
      const left = (await pins.findBy({ refId: id })).map(({ reason }) => reason).sort();
      expect(left).toEqual(moved && isFinal(to) ? ['playback'] : ['export', 'playback']);
    },
  );

  it('lets one of many win', async () => {
    const id = await insert('PROCESSING');
    const tries = Array.from({ length: 20 }, (_, index) =>
      states.transition(database.dataSource.manager, id, index % 2 ? 'COMPLETED' : 'FAILED', { sha256: String(index) }),
    );
    const won = (await Promise.all(tries)).flatMap((moved, index) => (moved ? [index] : []));
    expect(won).toHaveLength(1);
    expect((await read(id)).sha256).toBe(String(won[0]));
  });

  it('leaves other rows alone, and says so when there is none', async () => {
    const [one, other] = [await insert('PENDING'), await insert('PENDING')];
    await states.transition(database.dataSource.manager, one, 'RECORDING');
    expect((await read(other)).recordingStatus).toBe('PENDING');
    const missing = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
    await expect(states.transition(database.dataSource.manager, missing, 'RECORDING')).resolves.toBe(false);
  });
});
