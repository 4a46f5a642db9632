import { rm } from 'node:fs/promises';
import type { CameraResponse, ProbeResponse } from '@hindsight/client';
import { findCounterHoles, readFrameCounters, startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { closedPort } from '../medium/camera/support/servers.js';
import { findSecrets, secret } from '../support/secrets.js';
import { download, probeFile } from './support/media.js';
import {
  endEvent,
  ODD_PASSWORD,
  trigger,
  waitForFootage,
  waitUntilCompleted,
  waitUntilEmpty,
  waitUntilFinal,
} from './support/recording.js';
import { TestService } from './support/test-service.js';

const ONVIF_PASSWORD = `${ODD_PASSWORD}-onvif`;
const RTSP_PASSWORD = `rtsp ${ODD_PASSWORD}`;

describe('a camera by ONVIF', () => {
  let service: TestService;
  let camera: VirtualCamera;
  let onvif: { host: string; port: number; username: string; password: string };

  beforeAll(async () => {
    const names = { username: 'viewer', onvifUsername: 'installer' };
    const passwords = { password: secret(RTSP_PASSWORD), onvifPassword: secret(ONVIF_PASSWORD) };
    // A clock that is off and an address that leads nowhere, as behind NAT: both are common.
    const oddities = { clockSkewMs: -3_600_000, streamUriHost: '127.0.0.9' };
    camera = await startVirtualCamera({ ...names, ...passwords, ...oddities, gopSec: 1, profile: 'h264-pcmu' });
    service = await TestService.launch();
    onvif = { host: camera.onvifHost, port: camera.onvifPort, username: 'installer', password: ONVIF_PASSWORD };
  });

  afterAll(async () => {
    await service?.close();
    await camera?.stop();
  });

  async function add(extra: Record<string, unknown> = {}): Promise<CameraResponse> {
    const body = { name: 'Gate', onvif, username: 'viewer', password: RTSP_PASSWORD, ...extra };
    return service.call<CameraResponse>('POST', '/cameras', { body });
  }

  const probe = (id: string) => service.call<ProbeResponse>('POST', `/cameras/${id}/probe`);

  it('never gives a password back', async () => {
    const created = await add();
    expect(created).toMatchObject({
      onvif: { host: onvif.host, port: onvif.port, username: 'installer', hasPassword: true, profileToken: null },
      ...{ username: 'viewer', hasPassword: true, rtspUrl: null },
    });
    const answers = await Promise.all([
      service.call('GET', `/cameras/${created.id}`),
      service.call('GET', '/cameras'),
      service.call('PATCH', `/cameras/${created.id}`, { body: { name: 'Gate 2' } }),
      probe(created.id),
    ]);
    expect(findSecrets(JSON.stringify([created, ...answers]))).toEqual([]);
    const { dataSource } = service.database!;
    const rows = await dataSource.query<{ text: string }[]>('SELECT c::text AS text FROM cameras c');
    expect(findSecrets(rows.map(({ text }) => text).join('\n'))).toEqual([]);
  });

  it('is probed: profiles and streams', async () => {
    const { id } = await add();
    expect(await probe(id)).toMatchObject({
      ...{ ok: true, code: null, reason: null, source: 'onvif', profileToken: 'main' },
      profiles: [
        { token: 'main', codec: 'H264', width: 640, height: 360 },
        { token: 'sub', codec: 'H264', width: 320, height: 180 },
      ],
      streams: [
        { kind: 'video', codec: 'h264', width: 640, height: 360 },
        { kind: 'audio', codec: 'pcm_mulaw', sampleRate: 8_000 },
      ],
    });
  });

  it.each([
    { token: undefined, resolution: '640x360', stream: 'main' },
    { token: 'sub', resolution: '320x180', stream: 'sub' },
  ])(
    'records the profile that was chosen: $stream',
    async ({ token, resolution, stream }) => {
      const openedBefore = camera.stats().sessionsOpened;
      const { id: cameraId } = await add({
        onvif: { ...onvif, ...(token === undefined ? {} : { profileToken: token }) },
      });
      const { id, playbackId } = await trigger(service, cameraId);
      await waitForFootage(service, playbackId, 1_500);
      await endEvent(service, id);
      const playback = await waitUntilCompleted(service, playbackId);
      expect(playback).toMatchObject({ resolution, codec: 'h264', failure: null });
      const video = await download(service, playback.videoUrl!);
      expect((await probeFile(video.path)).streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
      expect(findCounterHoles(await readFrameCounters(video.path), camera.loopLength)).toEqual([]);
      await rm(video.path);
      await waitUntilEmpty(() => Array.from({ length: camera.stats().sessionsOpen }));
      expect(camera.stats().sessionsOpened).toBe(openedBefore + 1);
      expect(camera.stats().sessions.at(-1)?.stream).toBe(stream);
    },
    60_000,
  );

  it.each([
    ['the ONVIF password is wrong', 'CAMERA.WRONG_PASSWORD', { onvif: { password: `wrong ${ONVIF_PASSWORD}` } }],
    ['the stream password is wrong', 'CAMERA.WRONG_PASSWORD', { password: `wrong ${RTSP_PASSWORD}` }],
    ['the profile is unknown', 'CAMERA.NO_SUCH_PROFILE', { onvif: { profileToken: 'none' } }],
  ])(
    '%s: probe and recording say so in a sentence',
    async (_name, code, { onvif: changes, ...extra }: { onvif?: Record<string, string>; password?: string }) => {
      [changes?.['password'], extra.password].forEach((text) => text !== undefined && secret(text));
      const { id: cameraId } = await add({ ...extra, onvif: { ...onvif, ...changes } });
      const found = await probe(cameraId);
      expect(found).toMatchObject({ ok: false, code, reason: expect.stringMatching(/^[A-Z].{20,}\.$/) });
      const event = await trigger(service, cameraId);
      // A camera that only starts may say so too: it has its time of 30 s.
      const playback = await waitUntilFinal(service, event.playbackId, 45_000);
      expect(playback).toMatchObject({ recordingStatus: 'FAILED', failure: { code, message: found.reason } });
    },
    60_000,
  );

  it('nobody there: probe says so', async () => {
    const { id } = await add({ onvif: { ...onvif, port: await closedPort() } });
    expect(await probe(id)).toMatchObject({
      ok: false,
      code: 'CAMERA.UNREACHABLE',
      reason: expect.stringContaining('refused the connection'),
    });
  });

  it('leaves no FFmpeg and no local footage', async () => {
    await waitUntilEmpty(() => service.ffmpegs());
    await waitUntilEmpty(() => service.mediaFiles());
    expect(camera.stats().sessionsOpen).toBe(0);
  });
});
