import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CameraModule } from '../../../src/modules/camera/camera.module.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { startTestApp, type TestApp } from '../../support/http-app.js';

describe('when footage of a camera is wanted', () => {
  let database: TestDatabase;
  let app: TestApp;
  let token: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    const env = { CREDENTIALS_KEY: Buffer.alloc(32, 7).toString('base64') };
    app = await startTestApp(database, env, { imports: [CameraModule] });
    token = await app.tokenOf('ADMIN');
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  const add = async (fields: object) => {
    const body = { name: 'yard', rtspUrl: 'rtsp://192.168.1.10/a', ...fields };
    return (await app.call('POST', '/cameras', { token, body })).json['id'] as string;
  };
  const change = async (id: string, body: object) => {
    expect((await app.call('PATCH', `/cameras/${id}`, { token, body })).status).toBe(200);
  };
  /** Of each period, oldest first, whether it goes on. */
  const periods = async (id: string) => {
    const rows = await database.dataSource.query<{ goesOn: boolean }[]>(
      'SELECT end_at IS NULL AS "goesOn" FROM footage_periods WHERE camera_id = $1 ORDER BY start_at, end_at NULLS LAST',
      [id],
    );
    return rows.map(({ goesOn }) => goesOn);
  };

  it('is from the moment on at which it is made continuous, until it is not any more', async () => {
    const id = await add({ continuous: true });
    expect(await periods(id)).toEqual([true]);
    await change(id, { name: 'gate', continuous: true });
    expect(await periods(id)).toEqual([true]);
    await change(id, { continuous: false });
    expect(await periods(id)).toEqual([false]);
    await change(id, { continuous: true });
    expect(await periods(id)).toEqual([false, true]);
  });

  it('is never of a camera that is not continuous', async () => {
    const id = await add({});
    await change(id, { preRollSec: 5 });
    expect(await periods(id)).toEqual([]);
  });

  it('is not while a camera is disarmed', async () => {
    const id = await add({ continuous: true, enabled: false });
    expect(await periods(id)).toEqual([]);
    await change(id, { enabled: true });
    await change(id, { enabled: false });
    expect(await periods(id)).toEqual([false]);
  });

  it('is over when the camera is deleted', async () => {
    const id = await add({ continuous: true });
    expect((await app.call('DELETE', `/cameras/${id}`, { token })).status).toBe(204);
    expect(await periods(id)).toEqual([false]);
  });
});
