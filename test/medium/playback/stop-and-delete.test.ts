import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AppError } from '../../../src/common/errors.js';
import { TombstoneRepository } from '../../../src/modules/retention/tombstone.repository.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import type { RecordingStatus } from '../../../src/schema/playback-state.js';
import { videoKey } from '../../../src/modules/storage/domain/object-key.js';
import { type PlaybackApp, startPlaybackApp, waitUntil } from './playback-app.js';

const OPEN: RecordingStatus[] = ['PENDING', 'RECORDING', 'PROCESSING'];
const VIDEO = Buffer.from('not really a video');
let app: PlaybackApp;

beforeAll(async () => {
  app = await startPlaybackApp();
});

afterAll(() => app.close());
afterEach(() => void jest.restoreAllMocks());

const rowOf = (id: string) => app.database.dataSource.getRepository(Playback).findOneBy({ id });
const hasObject = async (id: string) => (await app.store.head(videoKey(id))) !== null;

async function insertOpen(recordingStatus: RecordingStatus, fields: Partial<Playback> = {}): Promise<Playback> {
  const { id: cameraId } = await app.insertCamera();
  const range = { rangeStartAt: new Date(Date.now() - 10_000), deadlineAt: new Date(Date.now() + 300_000) };
  return app.insertPlayback({ cameraId, recordingStatus, ...range, ...fields });
}

describe('POST /playbacks/:id/stop', () => {
  const stop = (id: string, token = app.tokens.OPERATOR) => app.call('POST', `/playbacks/${id}/stop`, { token });

  it.each<RecordingStatus>(['PENDING', 'RECORDING'])('closes the range of a %s playback now, once', async (status) => {
    const { id } = await insertOpen(status);
    const beforeMs = Date.now();
    const first = await stop(id);
    expect([first.status, first.json]).toEqual([200, { ok: true, playbackId: id, recordingStatus: status }]);
    const row = await rowOf(id);
    expect(row).toMatchObject({ recordingStatus: status, endReason: 'stopped' });
    expect(row?.rangeEndAt?.getTime()).toBeGreaterThanOrEqual(beforeMs - 1);
    expect(row?.rangeEndAt?.getTime()).toBeLessThanOrEqual(Date.now());

    expect([(await stop(id)).status, (await rowOf(id))?.rangeEndAt]).toEqual([200, row?.rangeEndAt]);
  });

  it('cuts a post-roll that is under way', async () => {
    const ending = { endReason: 'event_ended' as const, rangeEndAt: new Date(Date.now() + 60_000) };
    const { id } = await insertOpen('RECORDING', ending);
    const beforeMs = Date.now();
    expect((await stop(id)).status).toBe(200);
    const row = await rowOf(id);
    expect(row?.endReason).toBe('stopped');
    expect(row?.rangeEndAt?.getTime()).toBeGreaterThanOrEqual(beforeMs);
    expect(row?.rangeEndAt?.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('leaves a range that has ended by itself as it is', async () => {
    const ended = { endReason: 'event_ended' as const, rangeEndAt: new Date(Date.now() - 1_000) };
    const before = await insertOpen('RECORDING', ended);
    expect((await stop(before.id)).status).toBe(200);
    expect(await rowOf(before.id)).toEqual(before);
  });

  it.each<RecordingStatus>(['PROCESSING', 'COMPLETED', 'FAILED'])('leaves a %s playback alone', async (status) => {
    const before = await insertOpen(status);
    expect((await stop(before.id)).json).toMatchObject({ status: 409, code: 'PLAYBACK.NOT_RECORDING' });
    expect(await rowOf(before.id)).toEqual(before);
  });

  it('needs OPERATOR, a known id and a well-formed one', async () => {
    const { id } = await insertOpen('RECORDING');
    expect((await stop(id, app.tokens.VIEWER)).json).toMatchObject({ status: 403, code: 'AUTH.WRONG_ROLE' });
    expect((await app.call('POST', `/playbacks/${id}/stop`)).status).toBe(401);
    expect((await rowOf(id))?.rangeEndAt).toBeNull();
    expect((await stop(randomUUID())).json).toMatchObject({ status: 404, code: 'PLAYBACK.NOT_FOUND' });
    expect((await stop('..%2F1')).json).toMatchObject({ status: 400, code: 'REQUEST.INVALID' });
    expect((await stop(id, app.tokens.ADMIN)).status).toBe(200);
  });
});

describe('DELETE /playbacks/:id', () => {
  const remove = (id: string, token = app.tokens.OPERATOR) => app.call('DELETE', `/playbacks/${id}`, { token });

  it('removes the row and the object at once', async () => {
    const { id } = await app.insertVideo(VIDEO);
    const { status, text } = await remove(id);
    expect([status, text]).toEqual([204, '']);
    expect([await rowOf(id), await hasObject(id)]).toEqual([null, false]);
    expect((await remove(id)).json).toMatchObject({ status: 404, code: 'PLAYBACK.NOT_FOUND' });
  });

  it('removes a failed playback, whether or not it left an object', async () => {
    const { id: cameraId } = await app.insertCamera();
    const bare = await app.insertPlayback({ cameraId, recordingStatus: 'FAILED' });
    const half = await app.insertVideo(VIDEO, { recordingStatus: 'FAILED', objectKey: null });
    expect([(await remove(bare.id)).status, (await remove(half.id)).status]).toEqual([204, 204]);
    expect(await hasObject(half.id)).toBe(false);
  });

  it.each(OPEN)('refuses while it is %s', async (recordingStatus) => {
    const { id } = await app.insertVideo(VIDEO, { recordingStatus });
    expect((await remove(id)).json).toMatchObject({ status: 409, code: 'PLAYBACK.STILL_RECORDING' });
    expect([(await rowOf(id))?.recordingStatus, await hasObject(id)]).toEqual([recordingStatus, true]);
  });

  it('needs OPERATOR and a well-formed id', async () => {
    const { id } = await app.insertVideo(VIDEO);
    expect((await remove(id, app.tokens.VIEWER)).json).toMatchObject({ status: 403, code: 'AUTH.WRONG_ROLE' });
    expect((await app.call('DELETE', `/playbacks/${id}`)).status).toBe(401);
    expect((await remove('%2e%2e%2f')).json).toMatchObject({ status: 400, code: 'REQUEST.INVALID' });
    expect([(await rowOf(id))?.id, await hasObject(id)]).toEqual([id, true]);
  });

  it('leaves the object to its tombstone when the store is away', async () => {
    const { id } = await app.insertVideo(VIDEO);
    const away = new AppError({ code: 'STORAGE.UNAVAILABLE', message: 'The store is away.' });
    // The try at once and the next one fail, so it is a later one that succeeds.
    const deletes = jest.spyOn(app.store, 'delete').mockRejectedValueOnce(away).mockRejectedValueOnce(away);
    expect((await remove(id)).status).toBe(204);
    expect([await rowOf(id), await hasObject(id)]).toEqual([null, true]);
    await waitUntil(async () => !(await hasObject(id)), 20_000);
    expect(deletes).toHaveBeenCalledTimes(3);
  });

  it('does not wait for a store that never answers', async () => {
    const { id } = await app.insertVideo(VIDEO);
    let release = (): void => undefined;
    const hanging = new Promise<void>((resolve) => (release = resolve));
    jest.spyOn(app.store, 'delete').mockImplementation(() => hanging);
    const startMs = Date.now();
    expect((await remove(id)).status).toBe(204);
    expect(Date.now() - startMs).toBeLessThan(8_000);
    release();
  });

  it('keeps row and object together when no tombstone can be left', async () => {
    const { id } = await app.insertVideo(VIDEO);
    const tombstones = app.app.get(TombstoneRepository, { strict: false });
    jest.spyOn(tombstones, 'insert').mockRejectedValueOnce(new Error('no tombstone'));
    expect((await remove(id)).status).toBe(500);
    expect([(await rowOf(id))?.id, await hasObject(id)]).toEqual([id, true]);
  });
});
