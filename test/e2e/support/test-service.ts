import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../tools/free-port.js';
import { type ServiceOptions, ServiceProcess } from '../../../tools/service-process.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { findProcesses, type FoundProcess } from '../../support/leftovers.js';
import { findSecrets, secret } from '../../support/secrets.js';
import { currentTestRun, RUN_VARIABLE } from '../../support/test-run.js';

const MARK = 'HINDSIGHT_TEST_SERVICE';
const ROOT = new URL('../../../', import.meta.url);

export interface TestServiceOptions {
  /** Over what every service of the tests gets; `undefined` removes a variable. */
  env?: Record<string, string | undefined>;
  /** `embedded`: no DATABASE_URL and no secrets. */
  database?: 'own' | 'embedded';
  /** Where its data folder is made. */
  parentDir?: string;
  /** Another service whose database and secrets this one shares; its database must go last. */
  beside?: TestService;
}

/** The built service on a data folder and a database of its own. HINDSIGHT_ENTRY names another build than `dist/`. */
export class TestService extends ServiceProcess {
  private constructor(
    options: ServiceOptions,
    readonly dataDir: string,
    readonly database: TestDatabase | undefined,
    private readonly secrets: TestSecrets | undefined,
    private readonly ownsDatabase: boolean,
  ) {
    super(options);
  }

  static async launch(options: TestServiceOptions = {}): Promise<TestService> {
    const service = await TestService.prepare(options);
    try {
      await service.start();
      return service;
    } catch (error) {
      await service.remove();
      throw error;
    }
  }

  /** Everything but the start. */
  static async prepare({
    env = {},
    database: kind = 'own',
    beside,
    parentDir = tmpdir(),
  }: TestServiceOptions = {}): Promise<TestService> {
    const dataDir = await mkdtemp(join(parentDir, 'service-'));
    const own = kind === 'own' && !beside ? await createTestDatabase() : undefined;
    const database = own ?? beside?.database;
    const port = await freePort();
    const secrets = beside?.secrets ?? (database ? freshSecrets() : undefined);
    const common = {
      ...unsetVariables(),
      DATA_DIR: dataDir,
      HOST: '127.0.0.1',
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      CAMERA_ALLOWED_CIDRS: '127.0.0.0/8',
      MIN_FREE_DISK_BYTES: '0',
      LOGINS_PER_MINUTE: '1000',
      PROGRESS_MS: '300',
      LOG_LEVEL: 'trace',
      [MARK]: dataDir,
      CHILD_ENV: `${RUN_VARIABLE},${MARK}`,
    };
    const entry = process.env['HINDSIGHT_ENTRY'];
    const password = env['ADMIN_PASSWORD'] ?? secrets?.ADMIN_PASSWORD;
    const options: ServiceOptions = {
      env: { ...common, ...(database ? { DATABASE_URL: database.url } : {}), ...secrets, ...env },
      ...(password === undefined ? {} : { password }),
      ...(entry === undefined ? {} : { entry }),
      // A developer's .env must not change a test.
      cwd: dataDir,
      logFile: join(currentTestRun().logDir, `${basename(dataDir)}.log`),
    };
    return new TestService(options, dataDir, database, secrets, own !== undefined);
  }

  get recordDir(): string {
    return join(this.dataDir, 'recordings');
  }

  /** Processes that this service has started and that still run: FFmpeg, and its embedded PostgreSQL. */
  async children(): Promise<FoundProcess[]> {
    const all = await findProcesses(`${MARK}=${this.dataDir}`, this.dataDir);
    return all.filter(({ pid }) => pid !== this.pid);
  }

  async ffmpegs(): Promise<FoundProcess[]> {
    return (await this.children()).filter(({ commandLine }) => /^\S*ffmpeg\S* /.test(commandLine));
  }

  /** Files under RECORD_DIR that hold footage. */
  async mediaFiles(): Promise<string[]> {
    try {
      const files = await readdir(this.recordDir, { recursive: true, withFileTypes: true });
      return files.filter((file) => file.isFile() && file.name !== 'node-id').map(({ name }) => name);
    } catch (error) {
      // A folder went while it was being listed.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.mediaFiles();
      throw error;
    }
  }

  /** Log lines that are JSON. */
  logLines(): Record<string, unknown>[] {
    const lines = this.log.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Stops it and takes everything of it away; throws when it did not stop cleanly, left a process, or logged a secret. */
  async close(): Promise<void> {
    const wasRunning = this.running;
    const { code, signal } = await this.stop();
    const left = await this.waitForChildren();
    await this.remove();
    const faults = [
      ...(wasRunning && code !== 0 ? [`it ended with ${signal ?? `exit code ${code}`}`] : []),
      ...left.map(({ commandLine }) => `it left ${commandLine.slice(0, 200)}`),
      ...findSecrets(this.log),
    ];
    if (faults.length > 0) throw new Error(`The service was not clean at its end: ${faults.join('; ')}`);
  }

  private async waitForChildren(): Promise<FoundProcess[]> {
    const deadlineMs = Date.now() + 5_000;
    let left = await this.children();
    while (left.length > 0 && Date.now() < deadlineMs) {
      await delay(150);
      left = await this.children();
    }
    return left;
  }

  private async remove(): Promise<void> {
    if (this.running) await this.stop('SIGKILL');
    if (this.ownsDatabase) await this.database?.drop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Every variable that the product reads, taken away: a developer's own settings must not change a test. */
export function unsetVariables(): Record<string, undefined> {
  const example = readFileSync(new URL('.env.example', ROOT), 'utf8');
  const names = [...example.matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name = '']) => name);
  return Object.fromEntries(names.map((name) => [name, undefined] as const));
}

type TestSecrets = Record<'JWT_SECRET' | 'ADMIN_PASSWORD' | 'CREDENTIALS_KEY', string>;

function freshSecrets(): TestSecrets {
  return {
    JWT_SECRET: secret(randomBytes(36).toString('base64')),
    ADMIN_PASSWORD: secret(randomBytes(12).toString('base64url')),
    CREDENTIALS_KEY: secret(randomBytes(32).toString('base64')),
  };
}

/** Names of the files in a folder, with those of its subfolders; empty when it is not there. */
export function filesUnder(dir: string): string[] {
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name, parentPath }) => join(parentPath, name).slice(dir.length + 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
