import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Camera } from '../../../src/schema/camera.entity.js';
import { FootagePeriod, FootagePin, FootageRemoval, FootageSegment } from '../../../src/schema/footage.entity.js';
import { Interruption } from '../../../src/schema/interruption.entity.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { PlaybackMedia } from '../../../src/schema/playback-media.entity.js';
import type { PlaybackResponse } from '../../../src/modules/playback/playback.response.js';
import { FootageStore, ObjectStore } from '../../../src/modules/storage/object-store.port.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { MadeArchive, type MadeSegment } from '../../support/recorder/made-archive.js';
import { AAC_48K, AAC_8K, encodeStream, H264, H265 } from '../../support/recorder/made-captures.js';
import { hashPackets } from '../../support/recorder/packets.js';
import { missingMs, type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';
import { checkVideo } from '../../support/recorder/video-check.js';

const T = Date.parse('2026-03-01T12:00:00.000Z');
/** Encoders and their decoders on a busy machine. */
jest.setTimeout(120_000);

describe('an export', () => {
  let dir: string;
  let database: TestDatabase;
  let app: RecorderApp;
  let archive: MadeArchive;
  let clip: Buffer;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hindsight-export-'));
    database = await createTestDatabase();
    app = await startRecorderApp(database, join(dir, 'record'), { DATA_DIR: join(dir, 'data') });
    archive = new MadeArchive(join(dir, 'logs'), database.dataSource, app.app.get(FootageStore));
    clip = await encodeStream({ seconds: 9, video: H264, audio: AAC_8K });
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
    await rm(dir, { recursive: true, force: true });
  });

  const addCamera = async () => (await database.dataSource.getRepository(Camera).save({ name: 'yard' })).id;
  const ask = (cameraId: string, startMs: number, endMs: number) =>
    app.call('POST', '/playbacks', {
      token: app.token,
      body: { cameraId, from: new Date(startMs).toISOString(), to: new Date(endMs).toISOString() },
    });

  async function make(cameraId: string, startMs: number, endMs: number): Promise<PlaybackResponse> {
    const { status, json } = await ask(cameraId, startMs, endMs);
    expect([status, json['kind'], json['recordingStatus']]).toEqual([201, 'export', 'PENDING']);
    const playback = await app.until(json['id'] as string, 'COMPLETED', 60_000);
    const { expectedMs, storedMs } = playback.completeness;
    expect(expectedMs).toBe(endMs - startMs);
    expect(storedMs! + missingMs(playback)).toBe(expectedMs);
    return playback;
  }

  const fileOf = ({ id }: PlaybackResponse) => join(dir, 'data', 'objects', 'playbacks', id, 'video.mp4');

  async function hashesOf(path: string) {
    const { streams, complaints } = await hashPackets(path);
    expect(complaints).toBe('');
    return streams.map(({ packets }) => packets.map(({ md5 }) => md5));
  }

  async function sourceHashes(segments: readonly MadeSegment[]) {
    const each = await Promise.all(segments.map(({ path }) => hashesOf(path)));
    return each[0]!.map((_stream, index) => each.flatMap((streams) => streams[index]!));
  }

  it('holds every frame of the segments it is made of, in their order, and nothing is missing', async () => {
    const cameraId = await addCamera();
    const segments = await archive.record(cameraId, clip, T);
    await archive.put(cameraId, segments);
    expect(segments.length).toBeGreaterThan(1);
    const playback = await make(cameraId, T, segments.at(-1)!.endMs);
    expect(playback).toMatchObject({ assembly: 'copied', completeness: { gaps: [] } });
    expect(await hashesOf(fileOf(playback))).toEqual(await sourceHashes(segments));
    expect((await checkVideo(fileOf(playback))).complaints).toBe('');
    const pins = await database.dataSource.getRepository(FootagePin).findBy({ refId: playback.id });
    expect(pins).toEqual([]);
    await eventually(async () => {
      const media = await database.dataSource.getRepository(PlaybackMedia).findOneBy({ playbackId: playback.id });
      expect(media).toMatchObject({ thumbnailAt: expect.any(Date), sprite: expect.anything() });
    });
  });

  it('begins with the key frame before its range and ends with what its last picture needs', async () => {
    const cameraId = await addCamera();
    const segments = await archive.record(cameraId, clip, T);
    await archive.put(cameraId, segments);
    const playback = await make(cameraId, T + 2_500, T + 5_200);
    const [wanted, source] = [await hashesOf(fileOf(playback)), await sourceHashes(segments)];
    // Key frames come once a second, and so do fragments.
    expect(wanted[0]).toEqual(source[0]!.slice(50, 150));
    expect(playback).toMatchObject({ startedAt: new Date(T + 2_000).toISOString(), completeness: { gaps: [] } });
  });

  it('goes over a gap, and over captures of one configuration, with the cause of what is missing', async () => {
    const cameraId = await addCamera();
    const first = await archive.record(cameraId, clip, T);
    const second = await archive.record(cameraId, clip, T + 12_000);
    const [, removed, ...kept] = second;
    await archive.put(cameraId, [...first, second[0]!, ...kept]);
    const lost = { startMs: first.at(-1)!.endMs, endMs: T + 12_000 };
    await database.dataSource.getRepository(Interruption).insert({
      ...{ cameraId, startedAt: new Date(lost.startMs), endedAt: new Date(lost.endMs) },
      ...{ cause: 'camera_lost', detail: 'It was away.' },
    });
    await database.dataSource.getRepository(FootageRemoval).insert({
      ...{ cameraId, startAt: new Date(removed!.startMs), endAt: new Date(removed!.endMs) },
      ...{ cause: 'retention', sizeBytes: 1, removedAt: new Date() },
    });
    const playback = await make(cameraId, T - 1_000, second.at(-1)!.endMs);
    expect(playback.assembly).toBe('copied');
    expect(playback.completeness.gaps.map(({ startAt, cause }) => [Date.parse(startAt), cause])).toEqual([
      [T - 1_000, 'unknown'],
      [lost.startMs, 'camera_lost'],
      [removed!.startMs, 'footage_expired'],
    ]);
    const [video] = await hashesOf(fileOf(playback));
    const [sourceVideo] = await sourceHashes([...first, second[0]!, ...kept]);
    expect(video).toEqual(sourceVideo);
    expect((await checkVideo(fileOf(playback))).complaints).toBe('');
  });

  it('goes over a change of the stream: FFmpeg makes the parts alike', async () => {
    const cameraId = await addCamera();
    const other = await encodeStream({ seconds: 4, video: H265, audio: AAC_48K });
    const first = await archive.record(cameraId, clip, T);
    const second = await archive.record(cameraId, other, T + 10_000);
    await archive.put(cameraId, [...first, ...second]);
    const playback = await make(cameraId, T, second.at(-1)!.endMs);
    expect(playback.assembly).toBe('re_encoded');
    const { complaints, presentationSec } = await checkVideo(fileOf(playback));
    expect(complaints).toBe('');
    expect(presentationSec).toHaveLength(225 + 100);
  });

  it('is refused where there is no footage, or for too long a range, and leaves nothing', async () => {
    const cameraId = await addCamera();
    await archive.put(cameraId, await archive.record(cameraId, clip, T));
    expect((await ask(cameraId, T - 60_000, T)).json).toMatchObject({ status: 409, code: 'FOOTAGE.NONE' });
    expect((await ask(cameraId, T, T + 86_400_001)).json).toMatchObject({
      status: 400,
      code: 'PLAYBACK.RANGE_TOO_LONG',
    });
    expect((await ask(randomUUID(), T, T + 1_000)).json).toMatchObject({ code: 'CAMERA.NOT_FOUND' });
    expect(await database.dataSource.getRepository(Playback).countBy({ cameraId })).toBe(0);
    expect(await database.dataSource.getRepository(FootagePin).countBy({ cameraId })).toBe(0);
  });

  it('waits for footage that is still on its recorder', async () => {
    const cameraId = await addCamera();
    const segments = await archive.record(cameraId, clip, T);
    const last = segments.at(-1)!;
    await archive.put(cameraId, segments.slice(0, -1));
    const rows = database.dataSource.getRepository(FootageSegment);
    await rows.insert({ ...(await archive.rowOf(cameraId, last)), state: 'local', nodeId: randomUUID() });
    const { json } = await ask(cameraId, T, last.endMs);
    const id = json['id'] as string;
    await eventually(async () => expect((await app.playback(id)).retry?.reason).toContain('on its way'));
    await rows.delete({ cameraId, startAt: new Date(last.startMs) });
    await archive.put(cameraId, [last]);
    const playback = await app.until(id, 'COMPLETED', 60_000);
    expect(playback.completeness.gaps).toEqual([]);
    expect(await hashesOf(fileOf(playback))).toEqual(await sourceHashes(segments));
  });

  it('waits for footage of the last minutes that was wanted and is not in the index yet', async () => {
    const cameraId = await addCamera();
    const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 30_000;
    await database.dataSource.getRepository(FootagePeriod).insert({ cameraId, startAt: new Date(startMs) });
    const segments = await archive.record(cameraId, clip, startMs);
    const { status, json } = await ask(cameraId, startMs, segments.at(-1)!.endMs);
    expect(status).toBe(201);
    await eventually(async () => expect((await app.playback(json['id'] as string)).retry).not.toBeNull());
    await archive.put(cameraId, segments);
    const playback = await app.until(json['id'] as string, 'COMPLETED', 60_000);
    expect(playback.completeness.gaps).toEqual([]);
  });

  it('is cancelled by its deletion: nothing of it is left, in the store or the tables', async () => {
    const cameraId = await addCamera();
    const segments = await archive.record(cameraId, clip, T);
    await archive.put(cameraId, segments);
    const store = app.app.get(ObjectStore);
    const putBytes = store.putBytes.bind(store);
    let begun: () => void;
    const sending = new Promise<void>((resolve) => (begun = resolve));
    const gate = new AbortController();
    store.putBytes = async (key, bytes, options) => {
      if (key.endsWith('video.mp4')) {
        begun();
        await new Promise<void>((resolve) => gate.signal.addEventListener('abort', () => resolve()));
      }
      return putBytes(key, bytes, options);
    };
    const { json } = await ask(cameraId, T, segments.at(-1)!.endMs);
    const id = json['id'] as string;
    await sending;
    expect((await app.playback(id)).exportProgress).toMatchObject({ phase: expect.any(String) });
    expect((await app.call('POST', `/playbacks/${id}/stop`, { token: app.token })).status).toBe(409);
    expect((await app.call('DELETE', `/playbacks/${id}`, { token: app.token })).status).toBe(204);
    gate.abort();
    store.putBytes = putBytes;
    await eventually(async () => {
      const jobs = await database.dataSource.query<unknown[]>('SELECT FROM graphile_worker.jobs');
      expect([await store.head(`playbacks/${id}/video.mp4`), jobs.length]).toEqual([null, 0]);
    });
    expect(await database.dataSource.getRepository(FootagePin).countBy({ cameraId })).toBe(0);
  });
});
