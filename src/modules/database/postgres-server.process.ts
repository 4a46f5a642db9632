import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { spawnChild } from '../../common/child.process.js';
import type { PostgresAccount } from './postgres-account.process.js';
import { type Cluster, POSTGRES_USER } from './postgres-cluster.process.js';

const DATABASE = 'hindsight';
/** A server that says nothing for this long hangs. One that says it recovers from a crash is waited for as long as that takes. */
const SILENCE_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
/** After SIGQUIT a server that is not stuck is gone at once. */
const QUIT_TIMEOUT_MS = 1_000;
const STARTING_UP = '57P03';
/** https://www.postgresql.org/docs/18/runtime-config-logging.html: the name shows in the title of every process. */
const SETTINGS = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'timezone=UTC'];

export interface ServerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** One run of the PostgreSQL server. */
export class PostgresServer {
  readonly exited: Promise<ServerExit>;
  private readonly child: ChildProcess;
  private readonly timers: NodeJS.Timeout[] = [];
  private running = true;
  private stderr = '';

  constructor(
    account: PostgresAccount,
    postgres: string,
    private readonly cluster: Cluster,
    private readonly port: number,
  ) {
    const settings = [...SETTINGS, `cluster_name=${cluster.name}`].flatMap((setting) => ['-c', setting]);
    const [program, args] = account.wrap(postgres, ['-D', cluster.dir, '-p', String(port), ...settings]);
    // A session of its own: Ctrl-C in a terminal must reach the service alone, which then stops the database last.
    this.child = spawnChild(program, args, { ...account.ids, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr = (this.stderr + chunk.toString()).slice(-4_000)));
    this.exited = new Promise((resolve) => {
      const done = (exit: ServerExit) => {
        this.running = false;
        for (const timer of this.timers) clearTimeout(timer);
        resolve(exit);
      };
      this.child.once('exit', (code, signal) => done({ code, signal }));
      this.child.once('error', (error) => {
        this.stderr += error.message;
        if (this.child.pid === undefined) done({ code: null, signal: null });
      });
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get url(): string {
    return this.urlOf(DATABASE);
  }

  lastWords(): string {
    return this.stderr.trim().split('\n').slice(-3).join(' | ');
  }

  /** Resolves when the service's database is there. Throws when the server ends or hangs. */
  async waitUntilReady(): Promise<void> {
    let deadlineMs = Date.now() + SILENCE_TIMEOUT_MS;
    for (;;) {
      if (!this.running) throw new Error('the server process exited');
      try {
        return await this.ensureDatabase();
      } catch (error) {
        if ((error as { code?: string }).code === STARTING_UP) deadlineMs = Date.now() + SILENCE_TIMEOUT_MS;
        if (Date.now() > deadlineMs) throw error;
        await delay(POLL_MS);
      }
    }
  }

  /** Fast shutdown; after `timeoutMs` one that recovers at the next start. A later, shorter time-out counts. */
  async stop(timeoutMs: number): Promise<void> {
    if (!this.running) return;
    this.child.kill('SIGINT');
    this.timers.push(
      setTimeout(() => this.child.kill('SIGQUIT'), timeoutMs),
      setTimeout(() => this.child.kill('SIGKILL'), timeoutMs + QUIT_TIMEOUT_MS),
    );
    await this.exited;
  }

  private async ensureDatabase(): Promise<void> {
    const client = new pg.Client({ connectionString: this.urlOf('postgres'), connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined); // the awaited calls below report it
    try {
      await client.connect();
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
    } finally {
      await client.end();
    }
  }

  private urlOf(database: string): string {
    return `postgresql://${POSTGRES_USER}:${this.cluster.password}@127.0.0.1:${this.port}/${database}`;
  }
}
