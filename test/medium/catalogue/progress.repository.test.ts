import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Camera } from '../../../src/schema/camera.entity.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { PlaybackProgress } from '../../../src/schema/playback-progress.entity.js';
import { ProgressRepository, type ProgressRow } from '../../../src/modules/catalogue/progress.repository.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

describe('the rows of progress', () => {
  let database: TestDatabase;
  let rows: ProgressRepository;
  let ids: string[];
  beforeAll(async () => {
    database = await createTestDatabase();
    rows = new ProgressRepository(database.dataSource);
  });
  beforeEach(async () => {
    const { id: cameraId } = await database.dataSource.getRepository(Camera).save({ name: 'yard' });
    const open = [1, 2].map(() => ({ cameraId, recordingStatus: 'RECORDING' as const }));
    ids = (await database.dataSource.getRepository(Playback).save(open)).map(({ id }) => id);
  });
  afterAll(() => database.drop());

  const upload = { safeBytes: 10_485_760, pendingBytes: 3, atRiskBytes: 4 };
  const rowOf = (playbackId: string, fields: Partial<ProgressRow> = {}): ProgressRow => ({
    ...{ playbackId, bytes: 5_000_000_000, durationMs: 8_000, frames: 200, fps: 12.5, bitrateKbps: 1.5, upload: null },
    ...fields,
  });
  const found = (playbackId: string) => database.dataSource.getRepository(PlaybackProgress).findOneBy({ playbackId });

  it('say the latest of each, also where some are new, and leave out playbacks that are gone', async () => {
    const [first, second] = ids as [string, string];
    await rows.save([]);
    await rows.save([rowOf(first)]);
    await rows.save([rowOf(randomUUID()), rowOf(first, { bytes: 2.4, durationMs: 1.6, upload }), rowOf(second)]);
    expect(await found(first)).toEqual({
      ...{ playbackId: first, bytes: 2, durationMs: 2, frames: 200, fps: 12.5, bitrateKbps: 1.5 },
      ...{ uploadSafeBytes: 10_485_760, uploadPendingBytes: 3, uploadAtRiskBytes: 4 },
      ...{ exportPhase: null, exportDoneBytes: null, exportTotalBytes: null },
    });
    expect(await found(second)).toMatchObject({ bytes: 5_000_000_000, uploadSafeBytes: null });
    expect(await database.dataSource.getRepository(PlaybackProgress).count()).toBe(2);
  });

  it('take what was sent before anything else was told, and keep what was told', async () => {
    const [first, second] = ids as [string, string];
    const { manager } = database.dataSource;
    await rows.saveUpload(manager, first, upload);
    expect(await found(first)).toMatchObject({ bytes: null, fps: null, uploadSafeBytes: 10_485_760 });
    await rows.save([rowOf(first, { upload }), rowOf(second)]);
    await rows.saveUpload(manager, second, { safeBytes: 1, pendingBytes: 0, atRiskBytes: 0 });
    expect(await found(first)).toMatchObject({ bytes: 5_000_000_000, uploadSafeBytes: 10_485_760 });
    expect(await found(second)).toMatchObject({ bytes: 5_000_000_000, uploadSafeBytes: 1, uploadAtRiskBytes: 0 });
  });

  it('say how far an export is, beside what was sent of it, until it is gone', async () => {
    const [first] = ids as [string];
    expect(await rows.saveExport(first, { phase: 'finding', doneBytes: 0, totalBytes: 0 })).toBe(true);
    await rows.saveUpload(database.dataSource.manager, first, upload);
    expect(
      await rows.saveExport(first, { phase: 'storing', doneBytes: 5_000_000_000, totalBytes: 6_000_000_000 }),
    ).toBe(true);
    const far = { exportPhase: 'storing', exportDoneBytes: 5_000_000_000, exportTotalBytes: 6_000_000_000 };
    expect(await found(first)).toMatchObject({ ...far, uploadPendingBytes: 3 });
    expect(await rows.saveExport(randomUUID(), { phase: 'finding', doneBytes: 0, totalBytes: 0 })).toBe(false);
  });

  it('go with their playback', async () => {
    await rows.save(ids.map((id) => rowOf(id)));
    await database.dataSource.query('DELETE FROM playbacks WHERE id = $1', [ids[0]]);
    expect([await found(ids[0]!), await found(ids[1]!)]).toEqual([null, expect.anything()]);
  });
});
