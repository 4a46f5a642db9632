import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { formatNotice } from '../../src/modules/recording/domain/recording-notice.js';
import type { Bench } from './bench.js';

/** What a recorder is to others: its rows, its locks, and what it is told. It records nothing. */
export class OtherRecorder {
  private readonly nodeId = randomUUID();

  private constructor(
    /** Holds its locks. */
    private readonly session: pg.Client,
    /** Changes rows, and tells. */
    private readonly api: pg.Client,
    private readonly cameraIds: readonly string[],
    /** Server processes of both. */
    readonly serverPids: readonly number[],
  ) {}

  /** @param count cameras that it can record */
  static async start(bench: Bench, url: string, count: number): Promise<OtherRecorder> {
    const [session, api] = [await connect(bench, url), await connect(bench, url)];
    const { rows } = await api.query<{ id: string }>(
      `INSERT INTO cameras (name) SELECT 'elsewhere ' || n FROM generate_series(1, $1) n RETURNING id`,
      [count],
    );
    const other = new OtherRecorder(
      session,
      api,
      rows.map(({ id }) => id),
      [await pidOf(session), await pidOf(api)],
    );
    await session.query(`SELECT pg_advisory_lock_shared(hashtextextended('hindsight recorders', 0)),
                                pg_advisory_lock(hashtextextended('hindsight node ${other.nodeId}', 0))`);
    return other;
  }

  /** It owns all of its cameras, and a recording of each is open. */
  async recordAll(): Promise<void> {
    await this.finishAll();
    await this.session.query(
      `SELECT pg_advisory_lock(hashtextextended('hindsight camera ' || id, 0)) FROM unnest($1::text[]) AS id`,
      [this.cameraIds],
    );
    await this.api.query(
      `INSERT INTO playbacks (camera_id, node_id, footage_nodes, recording_status, range_start_at, started_at, deadline_at)
         SELECT id, $2, ARRAY[$2::uuid], 'RECORDING', now(), now(), now() + interval '1 day' FROM unnest($1::uuid[]) AS id`,
      [this.cameraIds, this.nodeId],
    );
    await this.api.query('VACUUM (ANALYZE) playbacks');
  }

  /** Nothing is open, and no camera is owned. */
  async finishAll(): Promise<void> {
    await this.api.query('DELETE FROM playbacks');
    await this.session.query(
      `SELECT pg_advisory_unlock(hashtextextended('hindsight camera ' || held.id, 0))
         FROM unnest($1::text[]) AS held (id), pg_locks l
        WHERE l.locktype = 'advisory' AND l.pid = pg_backend_pid() AND l.mode = 'ExclusiveLock' AND l.objsubid = 1
          AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended('hindsight camera ' || held.id, 0)`,
      [this.cameraIds],
    );
    await this.api.query('VACUUM (ANALYZE) playbacks');
  }

  /** Tells all recorders of its cameras, one after the other: that a recording of its own has changed, or that an event is new. */
  tell(perSec: number, what: 'changes' | 'triggers'): { stop(): Promise<void> } {
    const stopping = new AbortController();
    const nodeId = what === 'changes' ? this.nodeId : null;
    const run = async () => {
      const fromMs = performance.now();
      for (let count = 0; !stopping.signal.aborted; count += 1) {
        const cameraId = this.cameraIds[count % this.cameraIds.length]!;
        await this.api.query(`SELECT pg_notify('hindsight_recordings', $1)`, [formatNotice({ cameraId, nodeId })]);
        await delay(Math.max(0, fromMs + ((count + 1) * 1_000) / perSec - performance.now()));
      }
    };
    const told = run();
    return {
      stop: async () => {
        stopping.abort();
        await told;
      },
    };
  }
}

async function connect(bench: Bench, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // the next query reports it
  await client.connect();
  bench.onClose(() => client.end());
  return client;
}

async function pidOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]!.pid;
}
