import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../src/common/clock.js';
import { createLogger } from '../../../src/common/logging.js';
import type { AppConfig } from '../../../src/config/app-config.js';
import { Camera } from '../../../src/schema/camera.entity.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { ArchivedFootageReader } from '../../../src/modules/archive/archived-footage.reader.js';
import { SegmentRangesRepository } from '../../../src/modules/archive/segment-ranges.repository.js';
import { ProgressRepository } from '../../../src/modules/catalogue/progress.repository.js';
import { FootageReader } from '../../../src/modules/footage/footage-reader.service.js';
import { RecorderNodeRepository } from '../../../src/modules/cluster/recorder-node.repository.js';
import { PlaybackUpload } from '../../../src/modules/delivery/playback-upload.js';
import { StaleUploads } from '../../../src/modules/delivery/stale-uploads.service.js';
import { UploadRestorer } from '../../../src/modules/delivery/upload-restorer.service.js';
import {
  type SentCapture,
  type SentFragment,
  UploadRepository,
} from '../../../src/modules/delivery/upload.repository.js';
import type { PartsTarget } from '../../../src/modules/storage/object-store.port.js';
import { R2StoreAdapter } from '../../../src/modules/storage/r2-store.adapter.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { type S3TestServer, startS3 } from '../../support/s3/s3-test-server.js';
import { readFixture } from '../../support/footage.js';

const MIB = 1024 ** 2;
const PART = 5 * MIB;
const DAY_MS = 86_400_000;
const PROGRESS = { safeBytes: 1, pendingBytes: 2, atRiskBytes: 2 };

describe('the rows of uploads', () => {
  const logger = createLogger('silent');
  const nodeId = randomUUID();
  const { init } = readFixture('h264-bframes');
  let database: TestDatabase;
  let server: S3TestServer;
  let store: R2StoreAdapter;
  let rows: UploadRepository;
  let restorer: UploadRestorer;
  let cameraId: string;
  let playbackId: string;

  beforeAll(async () => {
    [database, server] = await Promise.all([createTestDatabase(), startS3()]);
    store = new R2StoreAdapter({ ...server, publicUrl: undefined });
    rows = new UploadRepository(database.dataSource, new ProgressRepository(database.dataSource));
    const footage = new FootageReader(new RecorderNodeRepository(database.dataSource));
    const archive = new ArchivedFootageReader(logger, store, new SegmentRangesRepository(database.dataSource));
    restorer = new UploadRestorer(logger, store, footage, rows, archive);
    cameraId = (await database.dataSource.getRepository(Camera).save({ name: 'yard' })).id;
  });
  afterAll(async () => {
    store.onModuleDestroy();
    await server.stop();
    await database.drop();
  });
  beforeEach(async () => {
    const playbacks = database.dataSource.getRepository(Playback);
    playbackId = (await playbacks.save({ cameraId, recordingStatus: 'RECORDING' })).id;
    await database.dataSource.query('UPDATE playbacks SET node_id = $2 WHERE id = $1', [playbackId, nodeId]);
  });

  const begin = (partSizeBytes = PART): Promise<PartsTarget> =>
    store.beginParts(`playbacks/${playbackId}/video.mp4`, { contentType: 'video/mp4', partSizeBytes });

  const captureOf = (captureId: string): SentCapture => ({
    meta: { captureId, cameraId, epochMs: 1_700_000_000_000, endedAtMs: null, endCause: null },
    init: init.bytes,
  });

  /** A fragment of so many bytes at that place in the stream. */
  const sent = (captureId: string, index: number, streamOffset: number, sizeBytes: number): SentFragment => ({
    ...{ captureId, streamOffset, silentBytes: 0, moof: Buffer.from(`${captureId}${index}`).toString('base64') },
    fragment: {
      ...{ segment: '000001.m4s', offset: index * sizeBytes, moofBytes: 8, sizeBytes },
      ...{ startMs: index * 1_000, durationMs: 1_000, frames: 25, isSync: true },
    },
  });

  /** A part in the store, and its row with what begins in it. */
  async function send(target: PartsTarget, number: number, fragments: SentFragment[], captures: SentCapture[] = []) {
    const part = await store.putPart(target, number, Buffer.alloc(target.partSizeBytes, number));
    const saved = { ...part, sha256: String(number) };
    expect(await rows.insertPart(playbackId, nodeId, saved, { fragments, captures, progress: PROGRESS })).toBe(true);
  }

  async function restored(): Promise<PlaybackUpload> {
    const upload = new PlaybackUpload(playbackId, PART);
    await restorer.restore(upload, { playbackId, cameraId, footageNodes: [], rangeStartAt: null, deadlineAt: null });
    return upload;
  }

  it('take a beginning whose answer was lost when it is said again, and no other one beside it', async () => {
    const [mine, other] = [await begin(), await begin()];
    expect(await rows.insert(playbackId, nodeId, mine)).toBe(true);
    expect(await rows.insert(playbackId, nodeId, mine)).toBe(true);
    expect(await rows.insert(playbackId, nodeId, other)).toBe(false);
    expect((await rows.find(playbackId))?.target).toEqual(mine);
  });

  it('take nothing from a recorder that has lost the playback', async () => {
    const target = await begin();
    expect(await rows.insert(playbackId, randomUUID(), target)).toBe(false);
    expect(await rows.insert(playbackId, nodeId, target)).toBe(true);
    const part = { number: 2, etag: '"a"', sizeBytes: PART, sha256: 'a' };
    const empty = { fragments: [], captures: [], progress: PROGRESS };
    expect(await rows.insertPart(playbackId, randomUUID(), part, empty)).toBe(false);
    expect((await rows.find(playbackId))?.parts).toEqual([]);
  });

  it('are forgotten for one upload alone, which may not be the one of now', async () => {
    const [former, now] = [await begin(), await begin()];
    await rows.insert(playbackId, nodeId, now);
    await rows.forget(playbackId, former);
    expect((await rows.find(playbackId))?.target).toEqual(now);
    await rows.forget(playbackId, now);
    expect(await rows.find(playbackId)).toBeNull();
  });

  it('keep the size of parts that an upload began with, whatever the settings say now', async () => {
    const target = await begin(6 * MIB);
    await rows.insert(playbackId, nodeId, target);
    await send(target, 2, [sent('a', 0, 0, 3 * MIB), sent('a', 1, 3 * MIB, 3 * MIB)], [captureOf('a')]);
    const upload = await restored();
    expect(upload).toMatchObject({ partSizeBytes: 6 * MIB, sentBytes: 6 * MIB, nextNumber: 3 });
    expect(upload.stream.sizeBytes).toBe(6 * MIB);
  });

  it('tell of footage that is in the store alone, without the fragment that is not whole there', async () => {
    const target = await begin();
    await rows.insert(playbackId, nodeId, target);
    await send(target, 2, [sent('a', 0, 0, 3 * MIB), sent('a', 1, 3 * MIB, 3 * MIB)], [captureOf('a')]);
    const upload = await restored();
    expect(upload.stream.entries.map(({ fragment }) => fragment.startMs)).toEqual([0]);
    expect(upload.stream.sizeBytes).toBe(PART);
    expect(upload.stream.entries[0]!.capture).toMatchObject({ captureId: 'a', dir: '' });
  });

  it('tell of two machines that were lost one after the other', async () => {
    const target = await begin();
    await rows.insert(playbackId, nodeId, target);
    await send(target, 2, [sent('a', 0, 0, 3 * MIB), sent('a', 1, 3 * MIB, 3 * MIB)], [captureOf('a')]);
    // The second one never had the rest of the fragment that the first one broke off in.
    await send(target, 3, [sent('b', 0, PART, 3 * MIB), sent('b', 1, PART + 3 * MIB, 3 * MIB)], [captureOf('b')]);
    const upload = await restored();
    const known = upload.stream.entries.map(({ capture, streamOffset }) => [capture.captureId, streamOffset]);
    expect(known).toEqual([
      ['a', 0],
      ['b', PART],
    ]);
    expect(upload.sentBytes).toBe(2 * PART);
  });

  it('go as far as the store has the very parts that they know', async () => {
    const target = await begin();
    await rows.insert(playbackId, nodeId, target);
    const fragments = (index: number) => [sent('a', index, index * PART, PART)];
    await send(target, 2, fragments(0), [captureOf('a')]);
    await send(target, 3, fragments(1));
    await send(target, 4, fragments(2));
    await store.putPart(target, 3, Buffer.alloc(PART, 99));
    const upload = await restored();
    expect(upload).toMatchObject({ sentBytes: PART, nextNumber: 3, mayHaveMore: true });
    expect((await rows.find(playbackId))?.parts.map(({ number }) => number)).toEqual([2]);
    expect(await restorer.compare(upload, target)).toBe(true);
    await store.abortParts(target);
    expect(await restorer.compare(upload, target)).toBe(false);
  });

  it('begin again when the store knows no such upload, unless it was about to be completed', async () => {
    const target = await begin();
    await rows.insert(playbackId, nodeId, target);
    await send(target, 2, [sent('a', 0, 0, PART)], [captureOf('a')]);
    await store.abortParts(target);
    const completing = { parts: [], object: { sizeBytes: 1 } };
    await rows.saveCompleting(playbackId, completing);
    expect(await restored()).toMatchObject({ completing, sentBytes: PART, target });
    await rows.saveCompleting(playbackId, null);
    expect(await restored()).toMatchObject({ completing: null, sentBytes: 0, target: null });
    expect(await rows.find(playbackId)).toBeNull();
  });

  describe('and uploads that no row knows', () => {
    const sweepAfter = (ms: number): Promise<number> => {
      class Later extends SystemClock {
        override nowMs(): number {
          return super.nowMs() + ms;
        }
      }
      const config = { upload: { staleSec: DAY_MS / 1_000 } } as AppConfig;
      return new StaleUploads(config, new Later(), logger, store, rows).sweep();
    };

    it('end after a day, and no sooner', async () => {
      for (const { key, uploadId } of await store.listUploads('playbacks/')) await store.abortParts({ key, uploadId });
      const known = await begin();
      await rows.insert(playbackId, nodeId, known);
      await begin();
      await begin();
      expect(await sweepAfter(DAY_MS - 60_000)).toBe(0);
      expect(server.listMultipartUploads()).toHaveLength(3);
      expect(await sweepAfter(DAY_MS + 60_000)).toBe(2);
      expect(server.listMultipartUploads().map(({ uploadId }) => uploadId)).toEqual([known.uploadId]);
      expect(await sweepAfter(DAY_MS + 60_000)).toBe(0);
    });
  });
});
