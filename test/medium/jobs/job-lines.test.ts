import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '../../../src/common/logging.js';
import type { AppConfig } from '../../../src/config/app-config.js';
import { GraphileQueue } from '../../../src/modules/jobs/graphile.queue.js';
import { type JobContext, JobHandlers } from '../../../src/modules/jobs/job-queue.port.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';

describe('jobs of the queue', () => {
  let database: TestDatabase;
  let queue: GraphileQueue | undefined;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await queue?.beforeApplicationShutdown();
    await database.drop();
  });

  async function start(work: (id: string, context: JobContext) => Promise<void>): Promise<GraphileQueue> {
    const handlers = new JobHandlers();
    handlers.register('playback.preview', ({ playbackId }, context) => work(playbackId, context));
    const config = { jobs: { concurrency: 4 } } as AppConfig;
    queue = new GraphileQueue(database.dataSource, config, handlers, createLogger('silent'));
    await queue.onApplicationBootstrap();
    return queue;
  }

  const enqueue = (playbackId: string, line?: string) =>
    queue!.enqueue(database.dataSource.manager, 'playback.preview', { playbackId }, line === undefined ? {} : { line });

  it('run one after another in a line, and beside what is in none', async () => {
    const [running, done] = [new Set<string>(), new Set<string>()];
    const together: string[][] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await start(async (id) => {
      running.add(id);
      together.push([...running].sort());
      if (id === 'first') await held;
      running.delete(id);
      done.add(id);
    });
    await enqueue('first', 'line');
    await eventually(() => expect(running).toContain('first'));
    await enqueue('second', 'line');
    await enqueue('free');
    await eventually(() => expect(done).toContain('free'));
    release();
    await eventually(() => expect(done).toEqual(new Set(['free', 'first', 'second'])));
    expect(together.filter((ids) => ids.includes('first') && ids.includes('second'))).toEqual([]);
    expect(together).toContainEqual(['first', 'free']);
  });

  it('are told which try it is', async () => {
    const attempts: number[] = [];
    await start(async (_id, { attempt }) => {
      attempts.push(attempt);
      if (attempt < 2) throw new Error('not yet');
    });
    await enqueue('one');
    await eventually(() => expect(attempts).toEqual([1, 2]));
  });
});
