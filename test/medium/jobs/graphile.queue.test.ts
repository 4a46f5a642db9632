import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { createLogger } from '../../../src/common/logging.js';
import type { AppConfig } from '../../../src/config/app-config.js';
import { dataSourceOptions } from '../../../src/schema/data-source.js';
import { GraphileQueue } from '../../../src/modules/jobs/graphile.queue.js';
import { JobHandlers } from '../../../src/modules/jobs/job-queue.port.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { eventually } from '../../support/recorder/eventually.js';

describe('GraphileQueue', () => {
  let database: TestDatabase;
  const queues: GraphileQueue[] = [];
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await Promise.all(queues.splice(0).map((queue) => queue.beforeApplicationShutdown()));
    await database.drop();
  });

  /** A process of its own: its queue, and what it has run. */
  async function startNode(nodeId: string, work: (id: string) => Promise<void> = async () => {}) {
    const ran: string[] = [];
    const handlers = new JobHandlers();
    handlers.register(
      'playback.finalise',
      async ({ playbackId }) => {
        ran.push(playbackId);
        await work(playbackId);
      },
      nodeId,
    );
    const config = { jobs: { concurrency: 4 } } as AppConfig;
    const queue = new GraphileQueue(database.dataSource, config, handlers, createLogger('silent'));
    queues.push(queue);
    await queue.onApplicationBootstrap();
    return { queue, ran };
  }

  const enqueue = (queue: GraphileQueue, playbackId: string, options = {}) =>
    queue.enqueue(database.dataSource.manager, 'playback.finalise', { playbackId }, { nodeId: 'a', ...options });

  it('runs a job whose transaction was committed, and none whose was not', async () => {
    const { queue, ran } = await startNode('a');
    const undone = database.dataSource.transaction(async (manager) => {
      await queue.enqueue(manager, 'playback.finalise', { playbackId: 'undone' }, { nodeId: 'a' });
      throw new Error('changed our mind');
    });
    await expect(undone).rejects.toThrow('changed our mind');
    await enqueue(queue, 'done');
    await eventually(() => expect(ran).toEqual(['done']));
    await eventually(async () => {
      const [{ count }] = await database.dataSource.query<[{ count: string }]>(
        'SELECT count(*) FROM graphile_worker._private_jobs',
      );
      expect(Number(count)).toBe(0);
    });
  });

  it('gives a bound job to its node alone', async () => {
    const a = await startNode('a');
    const b = await startNode('b');
    for (let index = 0; index < 10; index += 1) {
      await enqueue(a.queue, `a${index}`, { nodeId: 'a' });
      await enqueue(a.queue, `b${index}`, { nodeId: 'b' });
    }
    await enqueue(a.queue, 'nobody', { nodeId: 'c' });
    await eventually(() => expect([a.ran.length, b.ran.length]).toEqual([10, 10]));
    expect([...a.ran].sort().join()).toMatch(/^(a\d,?)+$/);
    expect([...b.ran].sort().join()).toMatch(/^(b\d,?)+$/);
  });

  it('replaces a waiting job of the same key instead of doubling it', async () => {
    const { queue, ran } = await startNode('a');
    const key = 'finalise:x';
    await enqueue(queue, 'first', { key, runAt: new Date(Date.now() + 3_600_000) });
    await enqueue(queue, 'second', { key });
    await enqueue(queue, 'last');
    await eventually(() => expect([...ran].sort()).toEqual(['last', 'second']));
  });

  it('tries a failed job again', async () => {
    let failures = 1;
    const { queue, ran } = await startNode('a', async () => {
      if (failures-- > 0) throw new Error('not yet');
    });
    await enqueue(queue, 'x');
    await eventually(() => expect(ran).toEqual(['x', 'x']));
  });

  it('runs a job again that a dead process still holds', async () => {
    const { queue, ran } = await startNode('a');
    const key = `finalise:${randomUUID()}`;
    await enqueue(queue, 'held', { key, runAt: new Date(Date.now() + 3_600_000) });
    // As a process that was killed leaves it: locked by a worker that is not there any more, for hours to come.
    await database.dataSource.query(
      `UPDATE graphile_worker._private_jobs SET locked_by = 'worker-of-the-dead', locked_at = now(), run_at = now(), attempts = 1`,
    );
    await enqueue(queue, 'again', { key });
    await eventually(() => expect(ran).toEqual(['again']));
  });

  it('goes on after the database has thrown it out', async () => {
    const { queue, ran } = await startNode('a');
    await enqueue(queue, 'before');
    await eventually(() => expect(ran).toEqual(['before']));
    await database.dataSource.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await eventually(() => enqueue(queue, 'after'));
    await eventually(() => expect(ran).toContain('after'));
  });

  it('loses neither a job nor itself when the database is away at the end of a job', async () => {
    const proxy = await TcpProxy.start(database.url);
    const dataSource = new DataSource(dataSourceOptions(proxy.through(database.url), 2));
    const handlers = new JobHandlers();
    const ran: string[] = [];
    handlers.register('object.delete', async ({ key }) => {
      ran.push(key);
      // Nobody can be told how this one went.
      if (ran.length === 1) await proxy.set('refused');
      if (ran.length === 2) throw new Error('and this one fails');
    });
    const config = { jobs: { concurrency: 1 } } as AppConfig;
    const queue = new GraphileQueue(dataSource, config, handlers, createLogger('silent'));
    queues.push(queue);
    await queue.onApplicationBootstrap();
    await queue.enqueue(database.dataSource.manager, 'object.delete', { key: 'first' });
    await eventually(() => expect(ran).toEqual(['first']));
    await proxy.set('open');
    await eventually(() => expect(ran).toEqual(['first', 'first', 'first']));
    await queue.enqueue(database.dataSource.manager, 'object.delete', { key: 'second' });
    await eventually(() => expect(ran).toEqual(['first', 'first', 'first', 'second']));
    await proxy.stop();
  });

  it('ends in time while the database is away', async () => {
    const proxy = await TcpProxy.start(database.url);
    const dataSource = new DataSource(dataSourceOptions(proxy.through(database.url), 2));
    for (const mode of ['refused', 'silent'] as const) {
      await proxy.set('open');
      const handlers = new JobHandlers();
      handlers.register('object.delete', async () => undefined);
      const queue = new GraphileQueue(
        dataSource,
        { jobs: { concurrency: 2 } } as AppConfig,
        handlers,
        createLogger('silent'),
      );
      await queue.onApplicationBootstrap();
      await proxy.set(mode);
      await queue.beforeApplicationShutdown();
    }
    await proxy.stop();
  }, 30_000);

  it('tells running jobs that the process stops, and waits for them', async () => {
    const handlers = new JobHandlers();
    const events: string[] = [];
    handlers.register('object.delete', async (_payload, { signal }) => {
      events.push('begun');
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      events.push('given up');
    });
    const config = { jobs: { concurrency: 1 } } as AppConfig;
    const queue = new GraphileQueue(database.dataSource, config, handlers, createLogger('silent'));
    await queue.onApplicationBootstrap();
    await queue.enqueue(database.dataSource.manager, 'object.delete', { key: 'k' });
    await eventually(() => expect(events).toEqual(['begun']));
    await queue.beforeApplicationShutdown();
    expect(events).toEqual(['begun', 'given up']);
  });
});
