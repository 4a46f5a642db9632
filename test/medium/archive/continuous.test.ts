import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findCounterHoles, readFrameCounters, startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { formatFootageKey } from '../../../src/modules/archive/domain/footage-key.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { leftFootage, type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

interface StoredRow {
  captureKey: string;
  number: number;
  startMs: number;
  durationMs: number;
  sizeBytes: number;
  frames: number;
  state: string;
  md5: Buffer;
}

describe('a continuous camera', () => {
  let database: TestDatabase;
  let dir: string;
  let camera: VirtualCamera;
  let app: RecorderApp | undefined;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hindsight-continuous-'));
    database = await createTestDatabase();
    camera = await startVirtualCamera({ profile: 'h264-pcmu', gopSec: 1 });
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await camera.stop();
    await database.drop();
    await rm(dir, { recursive: true, force: true });
  });

  const footageDir = () => join(dir, 'footage');
  const start = async () =>
    (app = await startRecorderApp(database, join(dir, 'recordings'), {
      FOOTAGE_DIR: footageDir(),
      FOOTAGE_SEGMENT_SEC: '2',
      FOOTAGE_SEGMENT_MIN_BYTES: '0',
    }));
  const change = async (cameraId: string, body: object) => {
    const { status, text } = await app!.call('PATCH', `/cameras/${cameraId}`, { token: app!.token, body });
    expect({ status, text }).toMatchObject({ status: 200 });
  };
  const rows = (): Promise<StoredRow[]> =>
    database.dataSource.query<StoredRow[]>(
      `SELECT capture_key AS "captureKey", number, state, frames, md5, size_bytes::int AS "sizeBytes",
              (extract(epoch FROM start_at) * 1000)::float8 AS "startMs",
              (extract(epoch FROM end_at - start_at) * 1000)::float8 AS "durationMs"
         FROM footage_segments segment JOIN footage_captures capture ON capture.id = segment.capture_id
        ORDER BY start_at`,
    );
  const pathOf = (cameraId: string, row: StoredRow) => join(footageDir(), formatFootageKey({ cameraId, ...row }));
  const countStored = async () => (await rows()).filter(({ state }) => state === 'stored').length;
  const untilStored = (count: number) =>
    eventually(async () => expect(await countStored()).toBeGreaterThanOrEqual(count), 40_000);
  /** Resolves when everything of it is in the archive, and nothing in the log. */
  const end = async (cameraId: string) => {
    await change(cameraId, { continuous: false, preRollSec: 0 });
    await eventually(async () => expect(await leftFootage(join(dir, 'recordings'))).toEqual([]), 40_000);
  };
  const countersOf = async (cameraId: string, stored: readonly StoredRow[]) => {
    const counters: number[] = [];
    for (const row of stored) counters.push(...(await readFrameCounters(pathOf(cameraId, row))));
    return counters;
  };

  it('keeps each frame once over many segments, each a file that plays by itself, and gives up its log', async () => {
    const { addCamera } = await start();
    const cameraId = await addCamera(camera, { continuous: true });
    await untilStored(6);
    await end(cameraId);
    const stored = await rows();
    expect(stored.map(({ number }) => number)).toEqual(stored.map((_, index) => index + 1));
    expect(new Set(stored.map(({ captureKey }) => captureKey)).size).toBe(1);
    for (const [index, row] of stored.entries()) {
      const bytes = await readFile(pathOf(cameraId, row));
      expect(bytes.length).toBe(row.sizeBytes);
      expect(createHash('md5').update(bytes).digest()).toEqual(row.md5);
      const before = stored[index - 1];
      // Not where that one ends: the clock of a capture is fitted for half a minute, and these segments are shorter.
      if (before) expect(row.startMs).toBeGreaterThan(before.startMs);
    }
    const counters = await countersOf(cameraId, stored);
    expect(findCounterHoles(counters, camera.loopLength)).toEqual([]);
    expect(counters).toHaveLength(stored.reduce((sum, { frames }) => sum + frames, 0));
    expect(camera.stats().sessionsOpened).toBe(1);
  });

  it('gives an event an object of its own, with its pre-roll, and asks the camera for nothing more', async () => {
    const { addCamera, trigger, end: endEvent, until } = await start();
    const cameraId = await addCamera(camera, { continuous: true, preRollSec: 3 });
    await untilStored(3);
    const { id, playbackId } = await trigger(cameraId);
    await untilStored(4);
    await endEvent(id);
    const done = await until(playbackId, 'COMPLETED');
    expect(done.completeness.gaps).toEqual([]);
    expect(camera.stats().sessionsOpened).toBe(1);
    await end(cameraId);
    expect(findCounterHoles(await countersOf(cameraId, await rows()), camera.loopLength)).toEqual([]);
  });

  it('goes on after a restart, in a capture of its own, with what was sealed before and had not been stored', async () => {
    const first = await start();
    const cameraId = await first.addCamera(camera, { continuous: true });
    await untilStored(2);
    await first.close();
    app = undefined;
    await start();
    await eventually(
      async () => expect(new Set((await rows()).map(({ captureKey }) => captureKey)).size).toBe(2),
      40_000,
    );
    await end(cameraId);
    const stored = await rows();
    for (const captureKey of new Set(stored.map((row) => row.captureKey))) {
      const own = stored.filter((row) => row.captureKey === captureKey);
      expect(own.map(({ number }) => number)).toEqual(own.map((_, index) => index + 1));
      expect(findCounterHoles(await countersOf(cameraId, own), camera.loopLength)).toEqual([]);
    }
  });

  it('writes nothing beside a store that is not its own, keeps its log, and brings it there when that is mended', async () => {
    const mark = join(footageDir(), 'footage', 'store.json');
    await mkdir(dirname(mark), { recursive: true });
    await writeFile(mark, JSON.stringify({ installation: 'another' }));
    const { addCamera } = await start();
    const cameraId = await addCamera(camera, { continuous: true });
    await eventually(async () => expect(await leftFootage(join(dir, 'recordings'))).not.toEqual([]), 20_000);
    const opened = camera.stats().sessions[0]!.openedAt.getTime();
    await eventually(() => expect(Date.now() - opened).toBeGreaterThan(8_000), 20_000);
    expect(await countStored()).toBe(0);
    expect(await readFile(mark, 'utf8')).toContain('another');
    await rm(mark);
    await untilStored(3);
    await end(cameraId);
    const stored = await rows();
    expect(stored[0]!.number).toBe(1);
    expect(findCounterHoles(await countersOf(cameraId, stored), camera.loopLength)).toEqual([]);
  });

  it('of a camera with a pre-roll alone nothing is kept', async () => {
    const { addCamera } = await start();
    await addCamera(camera, { preRollSec: 1 });
    const opened = () => camera.stats().sessions[0]?.openedAt.getTime() ?? Infinity;
    await eventually(() => expect(Date.now() - opened()).toBeGreaterThan(6_000), 20_000);
    expect(await rows()).toEqual([]);
  });
});
