import { randomBytes } from 'node:crypto';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VirtualCameraOptions } from '@hindsight/virtual-camera';
import { findFfmpeg } from '@hindsight/virtual-camera/ffmpeg';
import pg from 'pg';
import { createLogger } from '../../src/common/logging.js';
import { startEmbeddedPostgres } from '../../src/modules/database/embedded-postgres.process.js';
import { ServiceProcess } from '../../tools/service-process.js';
import { Cameras } from './cameras.js';

export const CAMERA_LOGIN = { username: 'viewer', password: 'bench-camera-password' };

/** What one benchmark uses: a folder, a PostgreSQL, the built service and cameras, each in a process of its own. */
export class Bench {
  private readonly cleanUps: (() => Promise<unknown>)[] = [];
  private closing: Promise<void> | undefined;
  databasePid = 0;

  private constructor(
    readonly dir: string,
    private readonly log: (line: string) => void,
  ) {}

  static async open(log: (line: string) => void): Promise<Bench> {
    const bench = new Bench(await mkdtemp(join(tmpdir(), 'hindsight-bench-')), log);
    bench.onClose(() => rm(bench.dir, { recursive: true, force: true }));
    return bench;
  }

  /** A benchmark within this one, with a database and a service of its own. */
  async openInner(): Promise<Bench> {
    const inner = await Bench.open(this.log);
    this.onClose(() => inner.close());
    return inner;
  }

  /** `cleanUp` is run at the end, also after a failure or Ctrl-C, the last one first. */
  onClose(cleanUp: () => Promise<unknown>): void {
    this.cleanUps.push(cleanUp);
  }

  /** Where the service keeps its fragments. */
  get recordDir(): string {
    return join(this.dir, 'data', 'recordings');
  }

  say(line: string): void {
    this.log(line);
  }

  async startCameras(count: number, options: VirtualCameraOptions = {}): Promise<Cameras> {
    const cameras = await Cameras.start(count, { ...CAMERA_LOGIN, ...options });
    this.onClose(() => cameras.stop());
    return cameras;
  }

  /** The built service on a new database, both alone with this benchmark. HINDSIGHT_ENTRY names another build than `dist/`. */
  async startService(
    env: Record<string, string> = {},
  ): Promise<{ service: ServiceProcess; database: pg.Pool; databaseUrl: string }> {
    const url = await this.startDatabase();
    const password = randomBytes(12).toString('hex');
    const entry = process.env['HINDSIGHT_ENTRY'];
    const service = await ServiceProcess.start({
      password,
      ...(entry ? { entry } : {}),
      // A developer's .env must not change a measurement.
      cwd: this.dir,
      env: {
        ...{
          NODE_ENV: 'production',
          PORT: '0',
          HOST: '127.0.0.1',
          DATABASE_URL: url,
          DATA_DIR: join(this.dir, 'data'),
        },
        ...{ STORAGE_MODE: 'local', CAMERA_ALLOWED_CIDRS: '127.0.0.0/8', MAX_CONCURRENT_RECORDINGS: '1000' },
        ...{ ADMIN_PASSWORD: password, JWT_SECRET: randomBytes(24).toString('hex') },
        CREDENTIALS_KEY: randomBytes(32).toString('base64'),
        // Ours and the limit run the same binary.
        FFMPEG_PATH: findFfmpeg(),
        ...env,
      },
    });
    this.onClose(() => service.stop());
    const database = new pg.Pool({ connectionString: url });
    database.on('error', () => undefined); // the next query reports it
    this.onClose(() => database.end());
    return { service, database, databaseUrl: url };
  }

  close(): Promise<void> {
    this.closing ??= this.runCleanUps();
    return this.closing;
  }

  private async startDatabase(): Promise<string> {
    const dir = join(this.dir, 'postgres');
    const postgres = await startEmbeddedPostgres(dir, createLogger('error'));
    this.onClose(() => postgres.stop());
    this.databasePid = Number((await readFile(join(dir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);
    return postgres.url;
  }

  private async runCleanUps(): Promise<void> {
    for (const cleanUp of this.cleanUps.reverse()) {
      try {
        await cleanUp();
      } catch (error) {
        this.log(`  cleaning up failed: ${String(error)}`);
      }
    }
  }
}
