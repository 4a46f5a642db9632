import { setTimeout as delay } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { AppLogger } from '../../common/logging.js';
import { GraphileRunner } from './graphile.runner.js';
import type { JobName, JobPayloads } from './job-catalogue.js';
import { type EnqueueOptions, JobHandlers, JobQueue, taskName } from './job-queue.port.js';

/** Beside one for each job: for listening and for looking. */
const SPARE_CONNECTIONS = 2;
/** A database that is away must be noticed, not waited for. */
const CONNECT_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 1_000;

/** Brings the job library's own schema up to date; part of the start, before anything is enqueued. */
export async function migrateQueue(dataSource: DataSource): Promise<void> {
  const pgPool = openPool(dataSource, 1, () => undefined); // a lost connection shows in what waits for it
  try {
    await runMigrations({ pgPool });
  } finally {
    await pgPool.end();
  }
}

/** The queue in the database; with graphile.runner.ts the one place that knows the job library. */
@Injectable()
export class GraphileQueue extends JobQueue implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private runner: GraphileRunner | undefined;
  private pool: pg.Pool | undefined;
  private readonly stopping = new AbortController();

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly handlers: JobHandlers,
    private readonly logger: AppLogger,
  ) {
    super();
  }

  async enqueue<J extends JobName>(
    manager: EntityManager,
    job: J,
    payload: JobPayloads[J],
    options: EnqueueOptions = {},
  ): Promise<void> {
    await manager.query(
      'SELECT graphile_worker.add_job($1, payload := $2, run_at := $3, job_key := $4, queue_name := $5)',
      [
        taskName(job, options.nodeId),
        JSON.stringify(payload),
        options.runAt ?? null,
        options.key ?? null,
        options.line ?? null,
      ],
    );
  }

  async findQueued(keys: readonly string[]): Promise<Set<string>> {
    if (keys.length === 0) return new Set();
    const rows = await this.dataSource.query<{ key: string }[]>(
      'SELECT key FROM graphile_worker.jobs WHERE key = ANY ($1) AND (locked_at IS NOT NULL OR attempts < max_attempts)',
      [keys],
    );
    return new Set(rows.map(({ key }) => key));
  }

  async onApplicationBootstrap(): Promise<void> {
    const entries = this.handlers.entries();
    if (entries.length === 0) return;
    const tasks = Object.fromEntries(
      entries.map(([task, handler]) => [
        task,
        (payload: unknown, attempt: number) =>
          handler(payload as JobPayloads[JobName], { signal: this.stopping.signal, attempt }),
      ]),
    );
    const { concurrency } = this.config.jobs;
    this.pool = openPool(this.dataSource, concurrency + SPARE_CONNECTIONS, (error) =>
      this.logger.warn('the job queue lost a connection', { err: error }),
    );
    this.runner = new GraphileRunner(this.pool, tasks, concurrency, this.logger);
    await this.runner.start();
  }

  /** Before the database connections are closed: running jobs give up, or finish what they are at. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.runner?.stop();
    const closed = this.pool?.end();
    // A connection whose database does not answer ends with the process.
    await Promise.race([closed, delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
  }
}

/** A pool of our own: the library's stops listening to errors before its connections are closed, and one more would end the process. */
function openPool(dataSource: DataSource, max: number, onError: (error: Error) => void): pg.Pool {
  const { url } = dataSource.options as { url?: string };
  if (url === undefined) throw new Error('the data source has no URL');
  const pool = new LenientPool({
    connectionString: url,
    max,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

type ConnectCallback = Parameters<pg.Pool['connect']>[0];

/** The library's listener gives a connection that is lost during a stop back twice; the pool would throw that where nobody can catch it. */
class LenientPool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    if (!callback) return super.connect();
    super.connect((error, client, release) => {
      let held = client !== undefined; // a pool that has ended gives none, and nothing to release it with
      callback(error, client, (destroy?: Error | boolean) => {
        if (held) release(destroy);
        held = false;
      });
    });
  }
}
