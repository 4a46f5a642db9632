import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createLogger } from '../../../src/common/logging.js';
import { listPids, readCommandLine, readProcess } from '../../../src/common/process-table.js';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../../src/modules/database/embedded-postgres.process.js';
import { eventually } from '../../support/recorder/eventually.js';

let dir: string;
let postgres: EmbeddedPostgres;
const lines: string[] = [];
const logger = createLogger('info', (line) => lines.push(line));

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'embedded-'));
  postgres = await startEmbeddedPostgres(dir, logger);
  await query('CREATE TABLE kept (value int)');
});

afterAll(async () => {
  await postgres?.stop();
  await rm(dir, { recursive: true, force: true });
});

afterEach(() => {
  lines.length = 0;
});

async function query<T extends pg.QueryResultRow>(text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: postgres.url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined); // the query reports it
  try {
    await client.connect();
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

const eventuallyAnswers = () =>
  eventually(async () => expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]), 30_000);
const clusterName = async () =>
  (JSON.parse(await readFile(join(dir, 'cluster.json'), 'utf8')) as { name: string }).name;
const processes = async () => {
  const name = await clusterName();
  return listPids().filter(
    (pid) => readProcess(pid)?.name === 'postgres' && readCommandLine(pid).join(' ').includes(name),
  );
};
const serverPid = async () => Number((await readFile(join(dir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);

/** A session that is at work until it is ended; its pid. */
async function busySession(): Promise<{ pid: number; ended: Promise<unknown> }> {
  const client = new pg.Client({ connectionString: postgres.url });
  client.on('error', () => undefined); // the query reports it
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const ended = client.query('SELECT pg_sleep(600)').catch((error: unknown) => error);
  return { pid: rows[0]!.pid, ended };
}

describe('the embedded PostgreSQL', () => {
  it('is there again after its server was killed, time and again, with everything that was committed', async () => {
    for (let value = 1; value <= 4; value += 1) {
      await query(`INSERT INTO kept VALUES (${value})`);
      const killed = await serverPid();
      process.kill(killed, 'SIGKILL');
      await eventually(async () => expect(await serverPid()).not.toBe(killed), 30_000);
      await eventuallyAnswers();
    }
    expect(await query('SELECT value FROM kept ORDER BY value')).toEqual([1, 2, 3, 4].map((value) => ({ value })));
    // A server that is killed before we have seen it answer has not started at all, as we see it.
    expect(lines.filter((line) => /starting it again|does not start: trying again/.test(line))).toHaveLength(4);
  });

  it('is there again after a session was killed', async () => {
    const { pid, ended } = await busySession();
    const before = await serverPid();
    process.kill(pid, 'SIGKILL');
    await ended;
    await eventuallyAnswers();
    expect(await serverPid()).toBe(before);
  });

  it('ends the sessions that outlive a killed server, also one that hangs', async () => {
    const { pid } = await busySession();
    process.kill(pid, 'SIGSTOP');
    process.kill(await serverPid(), 'SIGKILL');
    await eventually(() => expect(readProcess(pid)).toBeNull(), 30_000);
    await eventuallyAnswers();
  });

  it('is not ended by a second service on the same folder, which is told why it cannot start', async () => {
    const before = await serverPid();
    await expect(startEmbeddedPostgres(dir, logger)).rejects.toMatchObject({
      code: 'DATABASE.EMBEDDED_IN_USE',
      message: expect.stringMatching(
        new RegExp(`^Another Hindsight \\(process ${process.pid}\\) runs on ${dir}: .*DATA_DIR`),
      ),
    });
    expect(await serverPid()).toBe(before);
    await eventuallyAnswers();
    await expect(startEmbeddedPostgres(dir, logger)).rejects.toMatchObject({ code: 'DATABASE.EMBEDDED_IN_USE' });
  });

  it('stops with every process, and may be stopped again', async () => {
    await postgres.stop();
    await postgres.stop();
    expect(await processes()).toEqual([]);
    await expect(stat(join(dir, 'owner.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['an owner that died', JSON.stringify({ pid: 2 ** 22 + 1, startedAt: 'boot/1' })],
    ['an owner whose pid another program has by now', JSON.stringify({ pid: process.pid, startedAt: 'boot/1' })],
    ['half of its content', '{"pid":'],
    ['no content', ''],
  ])('starts over an owner file with %s', async (_what, text) => {
    await writeFile(join(dir, 'owner.json'), text);
    postgres = await startEmbeddedPostgres(dir, logger);
    await eventuallyAnswers();
    await postgres.stop();
  });

  it('lets one of many start that come at the same time over a dead owner', async () => {
    await writeFile(join(dir, 'owner.json'), JSON.stringify({ pid: 2 ** 22 + 1, startedAt: 'boot/1' }));
    const starts = await Promise.allSettled(Array.from({ length: 6 }, () => startEmbeddedPostgres(dir, logger)));
    const started = starts.filter((start) => start.status === 'fulfilled');
    expect(started).toHaveLength(1);
    postgres = started[0]!.value;
    await eventuallyAnswers();
    await postgres.stop();
  });

  it("starts over a lock file whose pid is another program's by now, and leaves that program alone", async () => {
    // As the user that the server runs as: PostgreSQL itself would take it for a server.
    const ids = process.getuid?.() === 0 ? { uid: (await stat(join(dir, 'cluster'))).uid } : {};
    const other = spawn('sleep', ['1000'], { ...ids, stdio: 'ignore' });
    await once(other, 'spawn');
    const content = [other.pid, join(dir, 'cluster'), 1, 5432, '', '127.0.0.1', '', 'ready'].join('\n');
    await writeFile(join(dir, 'cluster', 'postmaster.pid'), content, { mode: 0o600 });
    postgres = await startEmbeddedPostgres(dir, logger);
    await eventuallyAnswers();
    expect(readProcess(other.pid!)?.name).toBe('sleep');
    other.kill('SIGKILL');
    await once(other, 'exit');
  });

  it('says why it cannot start, and can be started when that is mended', async () => {
    await postgres.stop();
    const file = join(dir, 'cluster', 'postgresql.conf');
    const settings = await readFile(file, 'utf8');
    await writeFile(file, `${settings}\nno_such_setting = 1\n`);
    await expect(startEmbeddedPostgres(dir, logger)).rejects.toMatchObject({
      code: 'DATABASE.EMBEDDED_FAILED',
      message: expect.stringContaining('no_such_setting'),
    });
    await writeFile(file, settings);
    postgres = await startEmbeddedPostgres(dir, logger);
    await eventuallyAnswers();
  });

  it('is tried again for as long as it does not start', async () => {
    const file = join(dir, 'cluster', 'postgresql.conf');
    const settings = await readFile(file, 'utf8');
    await writeFile(file, `${settings}\nno_such_setting = 1\n`);
    process.kill(await serverPid(), 'SIGKILL');
    const failures = () => lines.filter((line) => line.includes('does not start: trying again'));
    await eventually(() => expect(failures().length).toBeGreaterThan(2), 30_000);
    await writeFile(file, settings);
    await eventuallyAnswers();
  });

  it('can be stopped while it is down', async () => {
    await writeFile(join(dir, 'cluster', 'postgresql.conf'), 'no_such_setting = 1\n');
    process.kill(await serverPid(), 'SIGKILL');
    await eventually(() => expect(lines.join('')).toContain('does not start: trying again'), 30_000);
    await postgres.stop();
    expect(await processes()).toEqual([]);
  });
});
