import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Logger as WorkerLogger, run, type Runner, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { AppLogger } from '../../common/logging.js';
import type { JobName, JobPayloads } from './job-catalogue.js';
import { type EnqueueOptions, JobHandlers, JobQueue, taskName } from './job-queue.port.js';

/** A missed notification is caught up with by this poll. */
const POLL_INTERVAL_MS = 2_000;
/** Beside one for each job: for listening and for looking. */
const SPARE_CONNECTIONS = 2;

/** Brings the job library's own schema up to date; part of the start, before anything is enqueued. */
export async function migrateQueue(dataSource: DataSource): Promise<void> {
  const pgPool = openPool(dataSource, 1, () => undefined); // a lost connection shows in what waits for it
  try {
    await runMigrations({ pgPool });
  } finally {
    await pgPool.end();
  }
}

/** The one place that knows the job library. */
@Injectable()
export class GraphileQueue extends JobQueue implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private runner: Runner | undefined;
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
    await manager.query('SELECT graphile_worker.add_job($1, payload := $2, run_at := $3, job_key := $4)', [
      taskName(job, options.nodeId),
      JSON.stringify(payload),
      options.runAt ?? null,
      options.key ?? null,
    ]);
  }

  async onApplicationBootstrap(): Promise<void> {
    const entries = this.handlers.entries();
    if (entries.length === 0) return;
    const taskList = Object.fromEntries(
      entries.map(([task, handler]) => [
        task,
        (payload: unknown) => handler(payload as JobPayloads[JobName], { signal: this.stopping.signal }),
      ]),
    );
    const { concurrency } = this.config.jobs;
    this.pool = openPool(this.dataSource, concurrency + SPARE_CONNECTIONS, (error) =>
      this.logger.warn('the job queue lost a connection', { err: error }),
    );
    this.runner = await run({
      pgPool: this.pool,
      taskList,
      concurrency,
      pollInterval: POLL_INTERVAL_MS,
      noHandleSignals: true,
      logger: new WorkerLogger((scope) => (level, message) => this.relay(level, message, scope.label)),
    });
  }

  /** Before the database connections are closed: running jobs give up, or finish what they are at. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.runner?.stop();
    await this.pool?.end();
  }

  private relay(level: string, message: string, scope: string | undefined): void {
    if (level === 'error') this.logger.error(message, { scope });
    else if (level === 'warning') this.logger.warn(message, { scope });
    else this.logger.debug(message, { scope });
  }
}

/** A pool of our own: the library's stops listening to errors before its connections are closed, and one more would end the process. */
function openPool(dataSource: DataSource, max: number, onError: (error: Error) => void): pg.Pool {
  const { url } = dataSource.options as { url?: string };
  if (url === undefined) throw new Error('the data source has no URL');
  const pool = new pg.Pool({ connectionString: url, max, keepAlive: true });
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}
