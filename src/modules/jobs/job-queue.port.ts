import type { EntityManager } from 'typeorm';
import type { JobName, JobPayloads } from './job-catalogue.js';

export interface EnqueueOptions {
  /** Not before this instant; default: at once. */
  runAt?: Date;
  /** A waiting job with the same key is replaced instead of doubled. */
  key?: string;
  /** Only this node may run it. */
  nodeId?: string;
  /** Jobs of one line run one after another, so that they leave room for others. */
  line?: string;
}

/** Durable jobs in PostgreSQL; a job exists exactly when the transaction that wanted it was committed. */
export abstract class JobQueue {
  /** Adds a job inside the transaction of `manager`. */
  abstract enqueue<J extends JobName>(
    manager: EntityManager,
    job: J,
    payload: JobPayloads[J],
    options?: EnqueueOptions,
  ): Promise<void>;

  /** Those of the keys under which a job waits, or runs. */
  abstract findQueued(keys: readonly string[]): Promise<Set<string>>;
}

export interface JobContext {
  /** Aborted when the process stops: give up soon, the job is run again. */
  signal: AbortSignal;
  /** Which try this is, from 1 on. */
  attempt: number;
}

/** Throwing means: try again later, with the queue's own backoff. */
export type JobHandler<J extends JobName> = (payload: JobPayloads[J], context: JobContext) => Promise<void>;

/** Modules put their handlers in here while they are constructed; the runner takes them at start-up. */
export class JobHandlers {
  private readonly handlers = new Map<string, JobHandler<JobName>>();

  /** @param nodeId set: this process only takes jobs bound to that node */
  register<J extends JobName>(job: J, handler: JobHandler<J>, nodeId?: string): void {
    this.handlers.set(taskName(job, nodeId), handler as JobHandler<JobName>);
  }

  entries(): [task: string, handler: JobHandler<JobName>][] {
    return [...this.handlers];
  }
}

/** The queue's name of a job: bound ones carry their node. */
export function taskName(job: JobName, nodeId?: string): string {
  return nodeId === undefined ? job : `${job}@${nodeId}`;
}
