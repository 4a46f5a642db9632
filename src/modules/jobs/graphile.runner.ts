import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type JobHelpers,
  Logger as WorkerLogger,
  runTaskList,
  type TaskList,
  type WorkerEvents,
  type WorkerPool,
} from 'graphile-worker';
import type pg from 'pg';
import { backoffMs } from '../../common/backoff.js';
import type { AppLogger } from '../../common/logging.js';

/** A missed notification is caught up with by this poll. */
const POLL_INTERVAL_MS = 2_000;
const RETRY = { firstMs: 200, maxMs: 5_000 };
/** Once every job has ended, the library only says so to the database; one that is away must not hold the process up. */
const FAREWELL_MS = 3_000;

/**
 * Keeps the library's workers at work through losses of the database. The library itself never replaces a worker that could not report
 * its job, and that job would stay locked for four hours: so workers that have lost the database are replaced, and what they held is let go.
 */
export class GraphileRunner {
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<void>>();
  /** Workers that take no more jobs, until their last one is over. */
  private readonly retiring = new Set<Promise<void>>();
  private workers: WorkerPool | null = null;

  constructor(
    private readonly pool: pg.Pool,
    private readonly tasks: Record<string, (payload: unknown, attempt: number) => Promise<void>>,
    private readonly concurrency: number,
    private readonly logger: AppLogger,
  ) {}

  /** Throws when the database does not answer. */
  async start(): Promise<void> {
    await this.pool.query('SELECT 1');
    const events: WorkerEvents = new EventEmitter();
    // Not `run`: its cron, which we do not use, would end the process when the database is lost at its start.
    const options = {
      concurrency: this.concurrency,
      pollInterval: POLL_INTERVAL_MS,
      noHandleSignals: true,
      events,
      logger: new WorkerLogger((scope) => (level, message) => this.relay(level, message, scope.label)),
    };
    const workers = runTaskList(options, this.taskList(), this.pool);
    this.workers = workers;
    let lost = false;
    const onLoss = () => {
      if (!lost && !this.stopping.signal.aborted) void this.replace(workers);
      lost = true;
    };
    events.on('worker:getJob:error', onLoss);
    events.on('worker:fatalError', onLoss);
    events.on('worker:stop', ({ worker }) => void this.unlock(worker.workerId));
  }

  /** Resolves when no job runs any more, and the database knows or does not answer. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const stopped = Promise.all([this.workers?.gracefulShutdown(), ...this.retiring]);
    const ended = Promise.all(this.running).then(() => delay(FAREWELL_MS, undefined, { ref: false }));
    await Promise.race([stopped, ended]);
  }

  private taskList(): TaskList {
    const entries = Object.entries(this.tasks).map(([name, task]) => [
      name,
      (payload: unknown, { job }: JobHelpers) => this.track(task(payload, job.attempts)),
    ]);
    return Object.fromEntries(entries) as TaskList;
  }

  private async track(job: Promise<void>): Promise<void> {
    const over = job.then(
      () => undefined,
      () => undefined,
    );
    this.running.add(over);
    await over;
    this.running.delete(over);
    return job;
  }

  private async replace(old: WorkerPool): Promise<void> {
    this.logger.warn('the job queue has lost the database; starting anew');
    this.workers = null;
    const retired = old.gracefulShutdown().finally(() => this.retiring.delete(retired));
    this.retiring.add(retired);
    await this.pause(1);
    await this.persist('start the job queue', () => this.start());
  }

  /** A worker that has ended runs nothing: a job that it still holds is free. */
  private async unlock(workerId: string): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const text = 'SELECT graphile_worker.force_unlock_workers($1)';
    await this.persist('give a job back', () => this.pool.query(text, [[workerId]]));
  }

  /** Until it is done, or the process stops. */
  private async persist(what: string, work: () => Promise<unknown>): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await work();
        return;
      } catch (error) {
        this.logger.warn(`could not ${what}; trying again`, { err: error, attempt });
        await this.pause(attempt);
      }
    }
  }

  private async pause(attempt: number): Promise<void> {
    const { signal } = this.stopping;
    await delay(backoffMs(attempt, RETRY), undefined, { signal }).catch(() => undefined);
  }

  private relay(level: string, message: string, scope: string | undefined): void {
    if (level === 'error') this.logger.error(message, { scope });
    else if (level === 'warning') this.logger.warn(message, { scope });
    else this.logger.debug(message, { scope });
  }
}
