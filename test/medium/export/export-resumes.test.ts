import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Camera } from '../../../src/schema/camera.entity.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { LocalStoreAdapter } from '../../../src/modules/storage/local-store.adapter.js';
import { FootageStore } from '../../../src/modules/storage/object-store.port.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { MadeArchive, type MadeSegment } from '../../support/recorder/made-archive.js';
import { AAC_8K, encodeStream } from '../../support/recorder/made-captures.js';
import { hashPackets } from '../../support/recorder/packets.js';
import { type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

const T = Date.parse('2026-03-01T12:00:00.000Z');
/** Pictures that cannot be compressed: half a minute is some parts long. */
const NOISE = ['-vf', 'noise=alls=100:allf=t', '-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '4', '-g', '25'];
/** Encoders, and a service that starts three times. */
jest.setTimeout(180_000);

describe('an export that is interrupted', () => {
  let dir: string;
  let database: TestDatabase;
  const apps: RecorderApp[] = [];
  let cameraId: string;
  let segments: MadeSegment[];
  const start = async () => {
    const app = await startRecorderApp(database, join(dir, 'record'), { DATA_DIR: join(dir, 'data') });
    apps.push(app);
    return app;
  };
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hindsight-resume-'));
    database = await createTestDatabase();
    cameraId = (await database.dataSource.getRepository(Camera).save({ name: 'yard' })).id;
  });
  afterAll(async () => {
    for (const app of apps) await app.close();
    putPart.mockRestore();
    await database.drop();
    await rm(dir, { recursive: true, force: true });
  });

  /** No part from this number on reaches the store, nor the first one: they wait until the process stops. */
  let stopAt = Infinity;
  const sent: number[] = [];
  const storePart = LocalStoreAdapter.prototype.putPart;
  const putPart = jest.spyOn(LocalStoreAdapter.prototype, 'putPart');
  putPart.mockImplementation(async function (this: LocalStoreAdapter, target, number, bytes, signal) {
    if (number >= stopAt || (number === 1 && stopAt < Infinity)) await aborted(signal!);
    sent.push(number);
    return storePart.call(this, target, number, bytes, signal);
  });

  const partsOf = async (id: string) => {
    const rows = await database.dataSource.query<{ number: number }[]>(
      'SELECT number FROM upload_parts WHERE playback_id = $1 ORDER BY number',
      [id],
    );
    return rows.map(({ number }) => number);
  };

  it('goes on at its part, after each of two ends of the service, and is whole', async () => {
    stopAt = 3;
    let app = await start();
    const clip = await encodeStream({ seconds: 30, video: [...NOISE, '-pix_fmt', 'yuv420p'], audio: AAC_8K });
    const archive = new MadeArchive(join(dir, 'logs'), database.dataSource, app.app.get(FootageStore));
    segments = await archive.record(cameraId, clip, T, 6_000);
    await archive.put(cameraId, segments);
    const range = { from: new Date(T).toISOString(), to: new Date(segments.at(-1)!.endMs).toISOString() };
    const { json } = await app.call('POST', '/playbacks', { token: app.token, body: { cameraId, ...range } });
    const id = json['id'] as string;
    await eventually(async () => expect(await partsOf(id)).toEqual([2]));
    await apps.pop()!.close();
    expect(sent).toEqual([2]);

    stopAt = 4;
    app = await start();
    await eventually(async () => expect(await partsOf(id)).toEqual([2, 3]));
    await eventually(async () =>
      expect((await app.playback(id)).exportProgress).toMatchObject({ phase: 'storing', doneBytes: 2 * 5 * 1024 ** 2 }),
    );
    await apps.pop()!.close();
    expect(sent).toEqual([2, 3]);

    stopAt = Infinity;
    app = await start();
    const playback = await app.until(id, 'COMPLETED', 120_000);
    expect(playback).toMatchObject({ assembly: 'copied', completeness: { gaps: [] } });
    expect(sent.filter((number) => number === 2 || number === 3)).toEqual([2, 3]);
    const { streams, complaints } = await hashPackets(join(dir, 'data', 'objects', 'playbacks', id, 'video.mp4'));
    expect(complaints).toBe('');
    const sources = await Promise.all(segments.map(({ path }) => hashPackets(path)));
    for (const [index, { packets }] of streams.entries()) {
      const wanted = sources.flatMap((source) => source.streams[index]!.packets.map(({ md5 }) => md5));
      expect(packets.map(({ md5 }) => md5)).toEqual(wanted);
    }
  });

  it('is taken over by another recorder when its own is gone', async () => {
    const app = apps.at(-1)!;
    const gone = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
    const playbacks = database.dataSource.getRepository(Playback);
    const rangeEndAt = new Date(segments.at(-1)!.endMs);
    const range = { rangeStartAt: new Date(T), rangeEndAt, deadlineAt: rangeEndAt };
    const { id } = await playbacks.save({
      ...{ cameraId, kind: 'export' as const, recordingStatus: 'PROCESSING' as const, nodeId: gone, ...range },
    });
    await app.until(id, 'COMPLETED', 120_000);
  });
});

async function aborted(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
