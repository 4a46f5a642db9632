import { mkdir } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../../common/backoff.js';
import { messageOf } from '../../common/errors.js';
import { freePort } from '../../common/free-port.js';
import type { AppLogger } from '../../common/logging.js';
import { redactor } from '../../common/redaction.js';
import { claimCluster } from './cluster-owner.store.js';
import { endLeftoverServer } from './cluster-processes.process.js';
import { embeddedFailed } from './embedded-postgres-error.js';
import { findPostgresAccount } from './postgres-account.process.js';
import { findBinaries, openCluster } from './postgres-cluster.process.js';
import { PostgresServer } from './postgres-server.process.js';

const STOP_TIMEOUT_MS = 15_000;
const RESTART = { firstMs: 100, maxMs: 5_000 };
/** A server that has run for this long was well: its next end is not a part of the last failure. */
const WELL_AFTER_MS = 30_000;

export interface EmbeddedPostgres {
  /** `postgresql://…` of the service's database; the same for as long as this process runs. */
  url: string;
  /** Fast shutdown: sessions are ended, nothing committed is lost. Called again with less time, it hurries. */
  stop(timeoutMs?: number): Promise<void>;
}

/**
 * Runs a real PostgreSQL from the npm registry on a cluster under `dir`, which is made at the first start, and starts it again whenever it ends.
 * We drive its binaries ourselves, since the wrapper package ends the whole process on SIGTERM before a drain could happen.
 * What a killed process left behind on the same cluster is ended first.
 * @throws AppError `DATABASE.EMBEDDED_FAILED` with the server's last words; `DATABASE.EMBEDDED_IN_USE`
 */
export async function startEmbeddedPostgres(dir: string, logger: AppLogger): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  const account = await findPostgresAccount();
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const release = await claimCluster(dir);
  try {
    await account.own(dir);
    const cluster = await openCluster(dir, binaries, account);
    redactor.add(cluster.password);
    const port = await freePort();
    const supervisor = new Supervisor(logger, async (aborted) => {
      await endLeftoverServer(cluster, logger, aborted);
      return new PostgresServer(account, binaries.postgres, cluster, port);
    });
    const { url } = await supervisor.start();
    return { url, stop: (timeoutMs = STOP_TIMEOUT_MS) => supervisor.stop(timeoutMs).then(release) };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Keeps one server running until it is stopped. */
class Supervisor {
  private readonly stopping = new AbortController();
  private server: PostgresServer | null = null;
  private watching: Promise<void> = Promise.resolve();

  constructor(
    private readonly logger: AppLogger,
    private readonly launch: (aborted: AbortSignal) => Promise<PostgresServer>,
  ) {}

  async start(): Promise<PostgresServer> {
    const server = await this.startOnce();
    this.watching = this.watch(server);
    return server;
  }

  async stop(timeoutMs: number): Promise<void> {
    this.stopping.abort();
    await this.server?.stop(timeoutMs);
    await this.watching;
  }

  private async startOnce(): Promise<PostgresServer> {
    const server = await this.launch(this.stopping.signal);
    this.server = server;
    try {
      if (this.stopping.signal.aborted) throw new Error('stopped meanwhile');
      await server.waitUntilReady();
    } catch (error) {
      await server.stop(STOP_TIMEOUT_MS);
      throw embeddedFailed(`The embedded PostgreSQL did not start: ${server.lastWords() || messageOf(error)}`, error);
    }
    this.logger.info('embedded PostgreSQL is running', { port: new URL(server.url).port, pid: server.pid });
    return server;
  }

  /** For as long as it takes: whatever keeps the server from running (a full disk, a killer), the footage is safe meanwhile. */
  private async watch(first: PostgresServer): Promise<void> {
    const { signal } = this.stopping;
    let failures = 0;
    for (let server: PostgresServer | null = first; ;) {
      const sinceMs = performance.now();
      const exit = await server?.exited;
      if (signal.aborted) return;
      if (performance.now() - sinceMs > WELL_AFTER_MS) failures = 0;
      failures += 1;
      if (server)
        this.logger.error('the embedded PostgreSQL ended: starting it again', { ...exit, said: server.lastWords() });
      await delay(backoffMs(failures, RESTART), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      server = await this.startOnce().catch((error: unknown) => {
        if (!signal.aborted) this.logger.error('the embedded PostgreSQL does not start: trying again', { err: error });
        return null;
      });
    }
  }
}
