import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { bodyOf } from '@hindsight/client';
import { findFfmpeg } from '@hindsight/virtual-camera/ffmpeg';
import type pg from 'pg';
import { DataSource } from 'typeorm';
import { LocalStoreAdapter } from '../src/modules/storage/local-store.adapter.js';
import { Camera } from '../src/schema/camera.entity.js';
import { dataSourceOptions } from '../src/schema/data-source.js';
import { MadeArchive, type MadeSegment } from '../test/support/recorder/made-archive.js';
import type { Bench } from './support/bench.js';
import { percentile, type Row, toRow } from './support/rows.js';

const STREAM_KBPS = 4_000;
const CAPTURE_SEC = 60;
const MINUTES = 60;
const TRIALS = 3;
const T = Date.parse('2026-03-01T12:00:00.000Z');
const runFile = promisify(execFile);

/** How long does the export of an hour take on a local disk, beside copying its bytes there? */
export async function run(bench: Bench): Promise<Row[]> {
  const { service, database, databaseUrl } = await bench.startService();
  bench.say(`  ${MINUTES} minutes of footage …`);
  const { cameraId, segments } = await archiveHour(bench, databaseUrl);
  const range = { from: new Date(T).toISOString(), to: new Date(segments.at(-1)!.endMs).toISOString() };
  const [ours, copies]: [number[], number[]] = [[], []];
  bench.say(`  ${TRIALS} times each, by turns …`);
  for (let trial = 0; trial < TRIALS; trial += 1) {
    copies.push(await timeCopy(bench, segments));
    const fromMs = performance.now();
    const { id } = await bodyOf(service.api.POST('/playbacks', { body: { cameraId, ...range } }));
    await completed(database, id);
    ours.push(performance.now() - fromMs);
    await service.api.DELETE('/playbacks/{id}', { params: { path: { id } } });
  }
  return [
    toRow({
      ...{ question: 'export of an hour (4 Mbit/s, 60 captures) on a local disk', unit: 's', n: TRIALS },
      ...{ ours: percentile(ours, 0.5) / 1_000, limit: percentile(copies, 0.5) / 1_000 },
      limitIs: 'copying the bytes of its segments into one file there, and syncing that',
    }),
  ];
}

async function archiveHour(bench: Bench, url: string): Promise<{ cameraId: string; segments: MadeSegment[] }> {
  const dataSource = await new DataSource(dataSourceOptions(url)).initialize();
  try {
    const { id: cameraId } = await dataSource.getRepository(Camera).save({ name: 'yard' });
    const store = new LocalStoreAdapter(join(bench.dir, 'data', 'footage'));
    const archive = new MadeArchive(join(bench.dir, 'logs'), dataSource, store);
    const clip = await encodeMinute();
    const segments: MadeSegment[] = [];
    for (let minute = 0; minute < MINUTES; minute += 1) {
      const made = await archive.record(cameraId, clip, T + minute * CAPTURE_SEC * 1_000, CAPTURE_SEC * 1_000);
      await archive.put(cameraId, made);
      segments.push(...made);
    }
    return { cameraId, segments };
  } finally {
    await dataSource.destroy();
  }
}

/** As a capture's FFmpeg gives it: fragments of a second, each with a key frame. */
async function encodeMinute(): Promise<Buffer> {
  const picture = `testsrc2=size=640x360:rate=25:duration=${CAPTURE_SEC}`;
  const rate = ['-b:v', `${STREAM_KBPS}k`, '-minrate', `${STREAM_KBPS}k`, '-maxrate', `${STREAM_KBPS}k`];
  const video = ['-vf', 'noise=alls=40:allf=t', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  const flags = '+frag_keyframe+empty_moov+default_base_moof+frag_discont';
  const { stdout } = await runFile(
    findFfmpeg(),
    [
      ...['-v', 'error', '-f', 'lavfi', '-i', picture, ...video, ...rate, '-bufsize', `${STREAM_KBPS}k`, '-g', '25'],
      ...['-avoid_negative_ts', 'disabled', '-output_ts_offset', '10', '-use_editlist', '0'],
      ...['-movflags', flags, '-f', 'mp4', 'pipe:1'],
    ],
    { encoding: 'buffer', maxBuffer: 1 << 28 },
  );
  return stdout;
}

async function timeCopy(bench: Bench, segments: readonly MadeSegment[]): Promise<number> {
  const path = join(bench.dir, 'data', 'copy');
  const fromMs = performance.now();
  const file = await open(path, 'w');
  for (const segment of segments) {
    for await (const chunk of createReadStream(segment.path, { highWaterMark: 1 << 20 }))
      await file.write(chunk as Buffer);
  }
  await file.sync();
  await file.close();
  const tookMs = performance.now() - fromMs;
  await rm(path);
  return tookMs;
}

async function completed(database: pg.Pool, id: string): Promise<void> {
  for (;;) {
    const { rows } = await database.query<{ status: string; message: string | null }>(
      'SELECT recording_status AS status, failure_message AS message FROM playbacks WHERE id = $1',
      [id],
    );
    if (rows[0]?.status === 'COMPLETED') return;
    if (rows[0]?.status === 'FAILED') throw new Error(`the export failed: ${rows[0].message}`);
    await delay(50);
  }
}
