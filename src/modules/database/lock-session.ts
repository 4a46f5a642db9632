import pg from 'pg';

/** A server that hears nothing from us for five seconds gives our locks away: a cable that was pulled must not hold a camera for hours. */
const SERVER_KEEPALIVES = [
  'SET tcp_keepalives_idle = 2',
  'SET tcp_keepalives_interval = 1',
  'SET tcp_keepalives_count = 3',
  'SET tcp_user_timeout = 5000',
];
/** The same where something between us keeps the connection open: who holds locks says something all the time. From PostgreSQL 14 on. */
const SERVER_IDLE_LIMIT = 'SET idle_session_timeout = 5000';
const UNKNOWN_SETTING = '42704';
const BEAT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 3_000;
/** A connection that gives no answer for this long is lost to us; the server gives our locks away later than this. */
const ANSWER_TIMEOUT_MS = 2_000;

/** The 64-bit key of `pg_locks` rows, as `pg_advisory_lock(bigint)` splits it. */
const LOCK_KEY = '((l.classid::bigint << 32) | l.objid::bigint)';
const ADVISORY_HERE = `l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/**
 * SQL that is true while no session holds a lock exclusively or shared. The held locks are hashed once for all rows that are asked about:
 * as a join, they might be read again for each row.
 * @param name SQL that gives the lock's name
 */
export function freeLockSql(name: string): string {
  return `hashtextextended(${name}, 0) NOT IN (SELECT ${LOCK_KEY} FROM pg_locks l WHERE ${ADVISORY_HERE})`;
}

/**
 * A database connection of its own whose advisory locks live exactly as long as it does: the server releases them the moment the
 * connection is gone. Locks are named by strings. Needs a real session: a pooler in transaction mode would hand the locks around.
 */
export class LockSession {
  private closed = false;
  private loss: Error | null = null;
  private listener: ((error: Error) => void) | null = null;
  private beat: NodeJS.Timeout | undefined;

  private constructor(private readonly client: pg.Client) {
    client.on('error', (error) => this.lose(error));
    client.on('end', () => this.lose(new Error('connection closed')));
  }

  static async open(url: string): Promise<LockSession> {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'hindsight locks',
    });
    const session = new LockSession(client);
    try {
      await client.connect();
      for (const setting of SERVER_KEEPALIVES) await client.query(setting);
      await client.query(SERVER_IDLE_LIMIT).catch((error: unknown) => {
        if ((error as pg.DatabaseError).code !== UNKNOWN_SETTING) throw error;
      });
      session.beat = setInterval(() => session.prove(), BEAT_MS);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Tells once that the connection is lost, also when it was lost before; never after `close`. */
  onLost(listener: (error: Error) => void): void {
    this.listener = listener;
    if (this.loss) listener(this.loss);
  }

  private prove(): void {
    this.client.query('SELECT 1').catch((error: unknown) => this.lose(error as Error));
  }

  private lose(error: Error): void {
    clearInterval(this.beat);
    if (this.closed || this.loss) return;
    this.loss = error;
    this.listener?.(error);
  }

  /** Takes those of the locks that are free, or ours already. @returns the names that are ours now */
  async tryLock(names: readonly string[]): Promise<Set<string>> {
    // Locks are counted: taking one again would need two unlocks.
    const { rows } = await this.client.query<{ name: string }>(
      `SELECT name FROM unnest($1::text[]) AS name
        WHERE EXISTS (SELECT 1 FROM pg_locks l WHERE ${ADVISORY_HERE} AND l.pid = pg_backend_pid()
                         AND l.mode = 'ExclusiveLock' AND ${LOCK_KEY} = hashtextextended(name, 0))
           OR pg_try_advisory_lock(hashtextextended(name, 0))`,
      [names],
    );
    return new Set(rows.map(({ name }) => name));
  }

  /** A lock that any number of sessions hold together: it counts them. */
  async lockShared(name: string): Promise<void> {
    await this.client.query('SELECT pg_advisory_lock_shared(hashtextextended($1, 0))', [name]);
  }

  async unlock(names: readonly string[]): Promise<void> {
    await this.client.query('SELECT pg_advisory_unlock(hashtextextended(name, 0)) FROM unnest($1::text[]) AS name', [
      names,
    ]);
  }

  /** How many sessions hold each lock; a name without a holder is not in the map. */
  async countHolders(names: readonly string[]): Promise<Map<string, number>> {
    const { rows } = await this.client.query<{ name: string; holders: number }>(
      `SELECT name, count(*)::int AS holders FROM unnest($1::text[]) AS name
         JOIN pg_locks l ON ${ADVISORY_HERE} AND ${LOCK_KEY} = hashtextextended(name, 0) GROUP BY name`,
      [names],
    );
    return new Map(rows.map(({ name, holders }) => [name, holders]));
  }

  /** The server processes of all sessions that hold a lock. Reads every lock of the server: not for each half second. */
  async findHolders(name: string): Promise<number[]> {
    const { rows } = await this.client.query<{ pid: number }>(
      `SELECT DISTINCT l.pid FROM pg_locks l WHERE ${ADVISORY_HERE} AND ${LOCK_KEY} = hashtextextended($1, 0)`,
      [name],
    );
    return rows.map(({ pid }) => pid);
  }

  /**
   * What has become of sessions that share a lock with this one, however many locks the server holds.
   * @param name this session holds it shared
   * @param pids server processes
   * @returns whether no other session holds it, and which of the processes are gone
   */
  async glance(name: string, pids: readonly number[]): Promise<{ isOnly: boolean; gone: number[] }> {
    // To take it exclusively succeeds only where nobody else shares it; it is given back in the same moment.
    const { rows } = await this.client.query<{ isOnly: boolean; gone: number[] }>(
      `SELECT CASE WHEN pg_try_advisory_lock(hashtextextended($1, 0)) THEN pg_advisory_unlock(hashtextextended($1, 0))
                   ELSE false END AS "isOnly",
              ARRAY(SELECT known FROM unnest($2::int[]) AS known
                     WHERE NOT EXISTS (SELECT FROM pg_stat_get_activity(known))) AS gone`,
      [name, pids],
    );
    return rows[0]!;
  }

  /** Lets every lock go. Never throws. */
  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.beat);
    this.client.removeAllListeners('end');
    // A connection that is half open would wait for an answer to its goodbye.
    const ended = this.client.end().catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, 1_000)));
    await Promise.race([ended, late]);
    clearTimeout(timer);
  }
}
