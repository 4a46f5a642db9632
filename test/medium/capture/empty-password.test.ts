import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCounterHoles, readFrameCounters, startVirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

/** Many cameras leave the factory as `admin` without a password, and want to be logged in to all the same. */
describe('a camera with an empty password', () => {
  let database: TestDatabase;
  let recordDir: string;
  let app: RecorderApp;

  beforeAll(async () => {
    recordDir = await mkdtemp(join(tmpdir(), 'hindsight-empty-password-'));
    database = await createTestDatabase();
    app = await startRecorderApp(database, recordDir);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
    await rm(recordDir, { recursive: true, force: true });
  });

  async function addCamera(body: Record<string, unknown>): Promise<string> {
    const { status, json, text } = await app.call('POST', '/cameras', {
      token: app.token,
      body: { name: 'c', ...body },
    });
    if (status !== 201) throw new Error(text);
    return json['id'] as string;
  }

  /** The video's counters, after the probe has said that it can be had. */
  async function record(cameraId: string): Promise<number[]> {
    const { json } = await app.call('POST', `/cameras/${cameraId}/probe`, { token: app.token });
    expect(json).toMatchObject({ ok: true, reason: null });
    const { id, playbackId } = await app.trigger(cameraId);
    await app.untilFootage(playbackId, 2_000);
    await app.end(id);
    await app.until(playbackId, 'COMPLETED');
    const video = await fetch(`${app.url}/playbacks/${playbackId}/video`, {
      headers: { authorization: `Bearer ${app.token}` },
    });
    const path = join(recordDir, `${playbackId}.download`);
    await writeFile(path, Buffer.from(await video.arrayBuffer()));
    return readFrameCounters(path).finally(() => rm(path));
  }

  it.each([
    ['rtsp://admin:@ over Digest', 'digest', 'url'],
    ['rtsp://admin@ over Basic', 'basic', 'url-without-colon'],
    ['password "" over Basic', 'basic', 'fields'],
    ['a user name alone over Digest', 'digest', 'user-alone'],
    ['ONVIF with password "", its RTSP over Digest', 'digest', 'onvif'],
    ['ONVIF with a user name alone', 'digest', 'onvif-user-alone'],
  ] as const)('is recorded by %s', async (_what, scheme, way) => {
    const camera = await startVirtualCamera({
      ...{ profile: 'h264-silent', gopSec: 1, username: 'admin', password: '', authSchemes: [scheme] },
      strictOnvifAuth: true,
    });
    try {
      const { rtspUrl, onvifPort } = camera;
      const onvif = { host: '127.0.0.1', port: onvifPort, username: 'admin', profileToken: 'main' };
      const bodies = {
        url: { rtspUrl: rtspUrl.replace('://', '://admin:@') },
        'url-without-colon': { rtspUrl: rtspUrl.replace('://', '://admin@') },
        fields: { rtspUrl, username: 'admin', password: '' },
        'user-alone': { rtspUrl, username: 'admin' },
        onvif: { onvif: { ...onvif, password: '' } },
        'onvif-user-alone': { onvif },
      };
      const counters = await record(await addCamera(bodies[way]));
      expect(counters.length).toBeGreaterThan(25);
      expect(findCounterHoles(counters, camera.loopLength)).toEqual([]);
    } finally {
      await camera.stop();
    }
  });
});
