import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../../../src/common/clock.js';
import { createLogger } from '../../../src/common/logging.js';
import { type AppConfig, loadConfig } from '../../../src/config/app-config.js';
import { formatFootageKey } from '../../../src/modules/archive/domain/footage-key.js';
import { Metrics } from '../../../src/modules/health/metrics.js';
import { Disks, type FoundDisk } from '../../../src/modules/retention/disks.store.js';
import { DueCamerasRepository } from '../../../src/modules/retention/due-cameras.repository.js';
import { FootageStoreMark } from '../../../src/modules/retention/footage-store-mark.js';
import { KeepingRepository } from '../../../src/modules/retention/keeping.repository.js';
import { PolicyRepository } from '../../../src/modules/retention/policy.repository.js';
import { RemovalRepository } from '../../../src/modules/retention/removal.repository.js';
import { RetentionService } from '../../../src/modules/retention/retention.service.js';
import { RoomNeeds } from '../../../src/modules/retention/room-needs.js';
import { RoomRepository } from '../../../src/modules/retention/room.repository.js';
import { RoomService } from '../../../src/modules/retention/room.service.js';
import { StorePresence } from '../../../src/modules/retention/store-presence.js';
import { TombstonePurger } from '../../../src/modules/retention/tombstone-purger.service.js';
import { TombstoneRepository } from '../../../src/modules/retention/tombstone.repository.js';
import { videoKey } from '../../../src/modules/storage/domain/object-key.js';
import type { FootageStore, ObjectStore } from '../../../src/modules/storage/object-store.port.js';
import { createFootageStore, createObjectStore } from '../../../src/modules/storage/storage.module.js';
import { Camera } from '../../../src/schema/camera.entity.js';
import {
  FootageCapture,
  FootagePin,
  FootageRemoval,
  FootageSegment,
  Tombstone,
} from '../../../src/schema/footage.entity.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { RetentionPolicy } from '../../../src/schema/retention.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

export const NOON_MS = Date.UTC(2026, 0, 31, 12);
export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
export const SEGMENT_BYTES = 10;

/** So many days before noon. */
export const daysAgo = (days: number) => new Date(NOON_MS - days * DAY_MS);

/** It is noon until a test moves it. */
class StillClock extends SystemClock {
  ms = NOON_MS;

  override nowMs(): number {
    return this.ms;
  }
}

/** Disks as a test says: other programs use the real ones, too. */
class MadeDisks extends Disks {
  footage: FoundDisk = { device: 1, freeBytes: 1_000, totalBytes: 1_000 };
  playbacks: FoundDisk = { device: 1, freeBytes: 1_000, totalBytes: 1_000 };

  override async find(dir: string): Promise<FoundDisk> {
    return dir.endsWith('footage') ? this.footage : this.playbacks;
  }
}

/** Everything that deletes, over a database and stores of its own. */
export class RetentionRig {
  readonly clock = new StillClock();
  readonly disks = new MadeDisks();
  readonly lines: string[] = [];
  readonly playbacks: ObjectStore;
  readonly footage: FootageStore;
  readonly retention: RetentionService;
  readonly room: RoomService;
  readonly rooms = new RoomRepository();
  readonly purger: TombstonePurger;
  readonly cameras: DueCamerasRepository;
  readonly removals: RemovalRepository;

  private constructor(
    readonly database: TestDatabase,
    readonly config: AppConfig,
    private readonly dir: string,
  ) {
    const { dataSource } = database;
    const tombstones = new TombstoneRepository();
    const policies = new PolicyRepository(config);
    this.playbacks = createObjectStore(config);
    this.footage = createFootageStore(config, this.playbacks);
    this.removals = new RemovalRepository(tombstones);
    this.cameras = new DueCamerasRepository(dataSource);
    const keeping = new KeepingRepository();
    this.retention = new RetentionService(dataSource, keeping, policies, this.removals, this.clock, new Metrics());
    const mark = new FootageStoreMark(dataSource, this.footage);
    const presence = new StorePresence(dataSource, mark, this.playbacks);
    const needs = new RoomNeeds(config, this.disks, presence, this.rooms, tombstones);
    this.room = new RoomService(dataSource, needs, this.rooms, policies, this.retention, this.clock);
    const logger = createLogger('warn', (line) => this.lines.push(line));
    this.purger = new TombstonePurger(dataSource, tombstones, this.playbacks, this.footage, mark, this.clock, logger);
  }

  static async open(env: Record<string, string> = {}): Promise<RetentionRig> {
    const dir = await mkdtemp(join(tmpdir(), 'hindsight-retention-'));
    const config = loadConfig({ DATA_DIR: dir, MIN_FREE_DISK_BYTES: '0', ...env });
    const rig = new RetentionRig(await createTestDatabase(), config, dir);
    const [{ id }] = await rig.dataSource.query<[{ id: string }]>('SELECT id FROM installation');
    await rig.footage.putBytes('footage/store.json', Buffer.from(JSON.stringify({ installation: id })), {
      contentType: 'application/json',
    });
    return rig;
  }

  /** As if the disk of the footage store were not mounted. */
  async withoutMark(work: () => Promise<void>): Promise<void> {
    const mark = await this.footage.openRead('footage/store.json');
    const bytes = Buffer.concat((await mark.toArray()) as Buffer[]);
    await this.footage.delete('footage/store.json');
    await work();
    await this.footage.putBytes('footage/store.json', bytes, { contentType: 'application/json' });
  }

  get dataSource() {
    return this.database.dataSource;
  }

  async close(): Promise<void> {
    await this.database.drop();
    await rm(this.dir, { recursive: true, force: true });
  }

  async empty(): Promise<void> {
    await this.dataSource.query('TRUNCATE cameras, tombstones, storage_usage, storage_shortages CASCADE');
    this.clock.ms = NOON_MS;
    this.lines.length = 0;
    const keys = await this.footageKeys();
    if (keys.length > 0) await this.footage.deleteMany(keys);
  }

  async insertCamera(fields: Partial<Camera> = {}): Promise<string> {
    return (await this.dataSource.getRepository(Camera).save({ name: 'yard', ...fields } as Camera)).id;
  }

  /** So many minutes of a camera in a row, with an object each. @returns their keys, the oldest first */
  async insertFootage(
    cameraId: string,
    startAt: Date,
    minutes: number,
    {
      withObjects = true,
      ...fields
    }: Partial<Omit<FootageSegment, 'camera' | 'capture'>> & { withObjects?: boolean } = {},
  ): Promise<string[]> {
    const captureKey = `${startAt.getTime()}-${randomUUID().slice(0, 8)}`;
    const capture = { cameraId, captureKey, configDigest: 'any', initBytes: 1 } as FootageCapture;
    const { id: captureId } = await this.dataSource.getRepository(FootageCapture).save(capture);
    const segments = Array.from({ length: minutes }, (_, index) => ({
      ...{ cameraId, captureId, number: index + 1, sizeBytes: SEGMENT_BYTES, tailBytes: 1, frames: 1500 },
      ...{ md5: Buffer.alloc(16), gops: Buffer.alloc(0), state: 'stored' as const },
      startAt: new Date(startAt.getTime() + index * MINUTE_MS),
      endAt: new Date(startAt.getTime() + (index + 1) * MINUTE_MS),
      ...fields,
    }));
    await this.dataSource.getRepository(FootageSegment).insert(segments);
    const keys = segments.map(({ startAt: at, number }) =>
      formatFootageKey({ cameraId, startMs: at.getTime(), durationMs: MINUTE_MS, captureKey, number }),
    );
    if (withObjects) {
      const contentType = 'video/mp4';
      await Promise.all(keys.map((key) => this.footage.putBytes(key, Buffer.alloc(SEGMENT_BYTES), { contentType })));
    }
    return keys;
  }

  /** A playback that ended then, with its object. */
  async insertPlayback(cameraId: string, endedAt: Date, fields: Partial<Playback> = {}): Promise<string> {
    const id = randomUUID();
    const kind = fields.eventId ? 'event' : 'manual';
    const row = { id, cameraId, kind, endedAt, createdAt: endedAt, recordingStatus: 'COMPLETED', fileSizeBytes: 100 };
    await this.dataSource.getRepository(Playback).insert({ ...row, objectKey: videoKey(id), ...fields } as never);
    await this.playbacks.putBytes(videoKey(id), Buffer.alloc(100), { contentType: 'video/mp4' });
    return id;
  }

  async pin(
    cameraId: string,
    startAt: Date,
    endAt: Date,
    fields: Partial<Omit<FootagePin, 'camera'>> = {},
  ): Promise<void> {
    await this.dataSource.getRepository(FootagePin).insert({ cameraId, startAt, endAt, reason: 'lock', ...fields });
  }

  async setPolicy(fields: Partial<Omit<RetentionPolicy, 'camera'>>): Promise<void> {
    await this.dataSource.getRepository(RetentionPolicy).insert({ kind: 'all', ...fields });
  }

  /** Starts of the segments that have rows, in order. */
  async segmentStarts(cameraId: string): Promise<Date[]> {
    const rows = await this.dataSource
      .getRepository(FootageSegment)
      .find({ where: { cameraId }, order: { startAt: 'ASC' } });
    return rows.map(({ startAt }) => startAt);
  }

  async playbackIds(): Promise<string[]> {
    return (await this.dataSource.getRepository(Playback).find({ order: { createdAt: 'ASC' } })).map(({ id }) => id);
  }

  async tombstones(): Promise<Tombstone[]> {
    return this.dataSource.getRepository(Tombstone).find({ order: { key: 'ASC' } });
  }

  async removalsOf(cameraId: string): Promise<Pick<FootageRemoval, 'startAt' | 'endAt' | 'cause' | 'sizeBytes'>[]> {
    return this.dataSource.getRepository(FootageRemoval).find({
      select: { startAt: true, endAt: true, cause: true, sizeBytes: true },
      where: { cameraId },
      order: { startAt: 'ASC' },
    });
  }

  async footageKeys(): Promise<string[]> {
    const { objects } = await this.footage.list('footage/');
    return objects.map(({ key }) => key).filter((key) => key.endsWith('.mp4'));
  }

  /** Counters by camera and kind beside a recount of the rows: equal at every commit. */
  async usage(): Promise<{ counted: unknown[]; recounted: unknown[] }> {
    const counted = await this.dataSource.query<unknown[]>(
      `SELECT camera_id, kind, bytes, objects FROM storage_usage WHERE bytes <> 0 OR objects <> 0 ORDER BY 1, 2`,
    );
    const recounted = await this.dataSource.query<unknown[]>(
      `SELECT camera_id, kind, sum(bytes)::bigint AS bytes, count(*) AS objects
         FROM (SELECT camera_id, 'continuous' AS kind, size_bytes AS bytes FROM footage_segments
               UNION ALL SELECT camera_id, kind, file_size_bytes
                           FROM playbacks WHERE file_size_bytes IS NOT NULL) kept
        GROUP BY 1, 2 ORDER BY 1, 2`,
    );
    return { counted, recounted };
  }
}
