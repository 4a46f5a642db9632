import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../../../src/common/clock.js';
import { createLogger } from '../../../src/common/logging.js';
import { JobHandlers } from '../../../src/modules/jobs/job-queue.port.js';
import { PreviewFrames } from '../../../src/modules/preview/preview-frames.process.js';
import { PreviewRepository } from '../../../src/modules/preview/preview.repository.js';
import { PreviewService } from '../../../src/modules/preview/preview.service.js';
import type { MediaTools } from '../../../src/ffmpeg/media-tools.process.js';
import { LocalStoreAdapter } from '../../../src/modules/storage/local-store.adapter.js';
import type { ObjectStore } from '../../../src/modules/storage/object-store.port.js';
import { createTestDatabase, type TestDatabase } from '../database.js';
import { findTools } from './capture-rig.js';
import { type Footage, storePlayback, type StoredPlayback } from './stored-playback.js';

/** What previews are made in: a database, a store, and playbacks with their videos. */
export class PreviewLab {
  /** What the last service has logged. */
  lines: string[] = [];

  private constructor(
    readonly dir: string,
    readonly database: TestDatabase,
    readonly store: LocalStoreAdapter,
  ) {}

  static async open(): Promise<PreviewLab> {
    const dir = await mkdtemp(join(tmpdir(), 'hindsight-preview-'));
    const database = await createTestDatabase();
    return new PreviewLab(dir, database, new LocalStoreAdapter(join(dir, 'objects')));
  }

  async close(): Promise<void> {
    await this.database.drop();
    await rm(this.dir, { recursive: true, force: true });
  }

  async start(store: ObjectStore = this.store, tools?: MediaTools): Promise<PreviewService> {
    this.lines = [];
    const frames = new PreviewFrames(tools ?? (await findTools()));
    const logger = createLogger('debug', (line) => this.lines.push(line));
    const rows = new PreviewRepository(this.database.dataSource);
    return new PreviewService(store, rows, frames, new SystemClock(), logger, new JobHandlers());
  }

  put(footage: Footage, triggerMs?: number, store: ObjectStore = this.store): Promise<StoredPlayback> {
    const { dataSource } = this.database;
    return storePlayback(footage, { store, dataSource, ...(triggerMs === undefined ? {} : { triggerMs }) });
  }
}

/** Of a job that nobody stops. */
export const jobContext = (attempt = 1) => ({ signal: new AbortController().signal, attempt });
