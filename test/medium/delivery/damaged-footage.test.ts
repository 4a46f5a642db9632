import { open, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { findCounterHoles, readFrameCounters, startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AppError } from '../../../src/common/errors.js';
import { findBox, findBoxes, readBoxes } from '../../../src/mp4/boxes.js';
import { ObjectStore } from '../../../src/modules/storage/object-store.port.js';
import type { PlaybackResponse } from '../../../src/modules/playback/playback.response.js';
import { videoKey } from '../../../src/modules/storage/domain/object-key.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { missingMs, type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';
import { checkVideo, findBeeps } from '../../support/recorder/video-check.js';

const AWAY = new AppError({ code: 'STORAGE.UNAVAILABLE', message: 'The store is away.' });
/** Real time for the camera, and the pauses between attempts. */
jest.setTimeout(180_000);

interface DiskFragment {
  path: string;
  offset: number;
  /** moof and mdat. */
  bytes: Buffer;
}

/** Damages a fragment where it lies. */
type Damage = (bytes: Buffer) => void;

/** Times of 32 bits, which are allowed, but which our own code cannot shift: FFmpeg reads them. */
function narrowTimes(bytes: Buffer): void {
  const moof = findBox(bytes, ['moof'])!;
  for (const traf of findBoxes(bytes, 'traf', moof)) {
    const [tfdt] = findBoxes(bytes, 'tfdt', traf);
    const ticks = Number(bytes.readBigInt64BE(tfdt!.bodyStart + 4));
    bytes[tfdt!.bodyStart] = 0;
    bytes.writeUInt32BE(ticks, tfdt!.bodyStart + 4);
    bytes.writeUInt32BE(0, tfdt!.bodyStart + 8);
  }
}

const erase: Damage = (bytes) => void bytes.fill(0);

describe('footage that our own code cannot lay out', () => {
  let database: TestDatabase;
  let recordDir: string;
  let camera: VirtualCamera;
  let app: RecorderApp;
  let cameraId: string;
  beforeAll(async () => {
    recordDir = await mkdtemp(join(tmpdir(), 'hindsight-damaged-'));
    database = await createTestDatabase();
    camera = await startVirtualCamera({ profile: 'h264-pcmu', gopSec: 1 });
    app = await startRecorderApp(database, recordDir, { RECONCILE_MS: '250' });
    cameraId = await app.addCamera(camera);
  });
  afterAll(async () => {
    await app.close();
    await camera.stop();
    await database.drop();
    await rm(recordDir, { recursive: true, force: true });
  });

  async function fragmentsOnDisk(): Promise<DiskFragment[]> {
    const names = (await readdir(recordDir, { recursive: true })).filter((name) => /\d{9}\.mp4$/.test(name)).sort();
    const found = await Promise.all(
      names.map(async (name): Promise<DiskFragment[]> => {
        const path = join(recordDir, name);
        const bytes = await readFile(path);
        const boxes = readBoxes(bytes);
        return boxes.flatMap(({ type, start }, index) =>
          type === 'moof' ? [{ path, offset: start, bytes: bytes.subarray(start, boxes[index + 1]!.end) }] : [],
        );
      }),
    );
    return found.flat();
  }

  /** An event whose footage is damaged after it was recorded, and before the store takes anything. */
  async function recordAndDamage(choose: (fragments: DiskFragment[]) => DiskFragment[], damage: Damage) {
    const store = app.app.get(ObjectStore);
    const putBytes = store.putBytes.bind(store);
    store.putBytes = () => Promise.reject(AWAY);
    const before = new Set((await fragmentsOnDisk()).map(({ path, offset }) => `${path} ${offset}`));
    const { id, playbackId } = await app.trigger(cameraId);
    await app.untilFootage(playbackId, 5_000);
    await app.end(id);
    await app.until(playbackId, 'PROCESSING');
    await eventually(async () => expect((await app.playback(playbackId)).retry).not.toBeNull());
    const fragments = (await fragmentsOnDisk()).filter(({ path, offset }) => !before.has(`${path} ${offset}`));
    for (const { path, offset, bytes } of choose(fragments)) {
      damage(bytes);
      const file = await open(path, 'r+');
      await file.write(bytes, 0, bytes.length, offset);
      await file.close();
    }
    store.putBytes = putBytes;
    return { playbackId, fragments };
  }

  async function download({ id }: PlaybackResponse): Promise<string> {
    const path = join(recordDir, `${id}-stored.mp4`);
    await writeFile(path, await buffer(await app.app.get(ObjectStore).openRead(videoKey(id))));
    return path;
  }

  const middle = (fragments: DiskFragment[]) => fragments.slice(2, 3);

  it('is read by FFmpeg when FFmpeg can: no picture is lost, sound and pictures stay in step', async () => {
    const { playbackId } = await recordAndDamage(middle, narrowTimes);
    const playback = await app.until(playbackId, 'COMPLETED', 60_000);
    expect(playback.assembly).toBe('remuxed');
    const path = await download(playback);
    const { complaints, presentationSec } = await checkVideo(path);
    expect(complaints).toBe('');
    const counters = await readFrameCounters(path);
    expect(findCounterHoles(counters, camera.loopLength)).toEqual([]);
    expect(counters.length).toBeGreaterThanOrEqual(5 * 25);
    const marks = presentationSec.filter((_at, index) => counters[index]! % 25 === 0);
    const beeps = (await findBeeps(path)).filter((at) => at > 0.3 && at < presentationSec.at(-1)!);
    expect(beeps.length).toBeGreaterThanOrEqual(2);
    for (const beep of beeps) expect(Math.min(...marks.map((mark) => Math.abs(mark - beep)))).toBeLessThan(0.03);
    expect(playback.completeness.gaps.filter(({ cause }) => cause === 'footage_lost')).toEqual([]);
  });

  it('is stored without what nobody can read, and the ledger says what is missing', async () => {
    const { playbackId } = await recordAndDamage(middle, erase);
    const playback = await app.until(playbackId, 'COMPLETED', 60_000);
    expect(playback.assembly).toBe('remuxed');
    const path = await download(playback);
    expect((await checkVideo(path)).complaints).toBe('');
    const holes = findCounterHoles(await readFrameCounters(path), camera.loopLength);
    expect(holes).toMatchObject([{ kind: 'missing' }]);
    const lostMs = (holes[0] as { missing: number }).missing * 40;
    const lost = playback.completeness.gaps.filter(({ cause }) => cause === 'footage_lost');
    expect(lost).toHaveLength(1);
    expect(Math.abs(Date.parse(lost[0]!.endAt) - Date.parse(lost[0]!.startAt) - lostMs)).toBeLessThan(100);
    const { expectedMs, storedMs } = playback.completeness;
    expect(expectedMs! - storedMs!).toBe(missingMs(playback));
  });

  it('fails with the code that the documents promise when nobody can read any of it, and is kept', async () => {
    const { playbackId } = await recordAndDamage((fragments) => fragments, erase);
    const playback = await app.until(playbackId, 'FAILED', 120_000);
    expect(playback.failure?.code).toBe('RECORDING.ASSEMBLY_FAILED');
    expect(playback.failure?.message).toMatch(
      /^The footage could not be made into an MP4.* is kept on the recorder\.$/,
    );
    expect(playback.completeness.expectedMs).toBeGreaterThan(0);
    expect(playback.completeness.storedMs).not.toBeNull();
    expect((await fragmentsOnDiskOrTorn()).length).toBeGreaterThan(0);
  });

  async function fragmentsOnDiskOrTorn(): Promise<string[]> {
    return (await readdir(recordDir, { recursive: true })).filter((name) => /\d{9}\.mp4$/.test(name));
  }
});
