import { rm } from 'node:fs/promises';
import type { PlaybackResponse, ProbeResponse } from '@hindsight/client';
import { findCounterHoles, readFrameCounters } from '@hindsight/virtual-camera';
import { encodeVideo, loopSec, planStreams } from '@hindsight/virtual-camera/clips';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type ForeignRtsp,
  missingForForeignRtsp,
  PACKAGES,
  startForeignRtsp,
} from '../support/foreign-rtsp/foreign-rtsp.js';
import { secret } from '../support/secrets.js';
import { decodeErrors, download, type DownloadedFile, isRunOf, pictureHashes, probeFile } from './support/media.js';
import {
  addCamera,
  endEvent,
  ODD_PASSWORD,
  sumOfGapsMs,
  trigger,
  waitForFootage,
  waitUntilCompleted,
  waitUntilEmpty,
  waitUntilFinal,
} from './support/recording.js';
import { TestService } from './support/test-service.js';

const USERNAME = 'view er+é';
const missing = missingForForeignRtsp();
const required = process.env['HINDSIGHT_REQUIRE_FOREIGN_RTSP'] === '1';
const describeWhenThere = missing === null || required ? describe : describe.skip;
const why = missing === null ? '' : ` (needs ${PACKAGES}: ${missing})`;

describeWhenThere(`an RTSP server that is not ours, Digest with odd characters${why}`, () => {
  const [{ video: parameters }] = planStreams({ profile: 'h264-silent', gopSec: 1 }) as [
    ReturnType<typeof planStreams>[0],
  ];
  const camera = { username: USERNAME, password: '', rtspUrl: '' };
  let clip: string;
  let server: ForeignRtsp;
  let service: TestService;
  let playback: PlaybackResponse;
  let video: DownloadedFile;
  let cameraId: string;

  beforeAll(async () => {
    if (missing !== null) throw new Error(`HINDSIGHT_REQUIRE_FOREIGN_RTSP=1, but ${missing}: install ${PACKAGES}`);
    camera.password = secret(`${ODD_PASSWORD}'\\$(x) ~foreign`);
    clip = await encodeVideo(parameters);
    server = await startForeignRtsp({ ...camera, clip });
    camera.rtspUrl = server.url;
    service = await TestService.launch();
    cameraId = await addCamera(service, camera);
    const { id, playbackId } = await trigger(service, cameraId);
    await waitForFootage(service, playbackId, 4_000);
    await endEvent(service, id);
    playback = await waitUntilCompleted(service, playbackId);
    video = await download(service, playback.videoUrl!);
  }, 60_000);

  afterAll(async () => {
    await service?.close();
    await server?.stop();
    if (video) await rm(video.path);
  });

  it('is probed', async () => {
    const found = await service.call<ProbeResponse>('POST', `/cameras/${cameraId}/probe`);
    expect(found).toMatchObject({
      ok: true,
      streams: [
        { kind: 'video', codec: 'h264' },
        { kind: 'audio', codec: 'pcm_mulaw', sampleRate: 8_000 },
      ],
    });
  });

  it('records its video untouched and its audio as AAC, without a hole', async () => {
    const { streams } = await probeFile(video.path);
    expect(streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
    const counters = await readFrameCounters(video.path);
    expect(findCounterHoles(counters, loopSec(parameters) * parameters.fps)).toEqual([]);
    expect(counters.length).toBeGreaterThan(3 * parameters.fps);
    expect(isRunOf(await pictureHashes(video.path), await pictureHashes(clip))).toBe(true);
    expect(await decodeErrors(video.path)).toBe('');
  });

  it('accounts for every millisecond', () => {
    const { expectedMs, storedMs } = playback.completeness;
    expect(expectedMs).toBe(storedMs! + sumOfGapsMs(playback));
    expect(playback).toMatchObject({ endReason: 'event_ended', failure: null, fileSizeBytes: video.bytes.length });
  });

  it('says that a password is wrong', async () => {
    const wrong = await addCamera(service, { ...camera, password: secret(`${camera.password}x`) });
    const { playbackId } = await trigger(service, wrong);
    const failed = await waitUntilFinal(service, playbackId);
    expect(failed).toMatchObject({ recordingStatus: 'FAILED', failure: { code: 'CAMERA.WRONG_PASSWORD' } });
  });

  it('leaves no FFmpeg and no local footage', async () => {
    await waitUntilEmpty(() => service.ffmpegs());
    await waitUntilEmpty(() => service.mediaFiles());
  });
});
