import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../src/common/clock.js';
import { createLogger } from '../../../src/common/logging.js';
import { InterruptionSaver } from '../../../src/modules/capture/interruption-saver.js';
import {
  InterruptionRepository,
  type NotedInterruption,
} from '../../../src/modules/catalogue/interruption.repository.js';
import { mainStream, type StreamId } from '../../../src/schema/stream-id.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';

const T = 1_800_000_000_000;

/** Counts what was written, and can be away. */
class WatchedRepository extends InterruptionRepository {
  readonly written: number[] = [];
  isAway = false;

  override async save(stream: StreamId, interruption: NotedInterruption): Promise<void> {
    if (this.isAway) throw new Error('connection refused');
    await super.save(stream, interruption);
    this.written.push(interruption.endMs - T);
  }
}

describe('InterruptionSaver', () => {
  let database: TestDatabase;
  let rows: WatchedRepository;
  let saver: InterruptionSaver;
  let stream: StreamId;
  beforeAll(async () => (database = await createTestDatabase()));
  afterAll(() => database.drop());
  beforeEach(async () => {
    const sql = "INSERT INTO cameras (name) VALUES ('c') RETURNING id";
    const [camera] = await database.dataSource.query<{ id: string }[]>(sql);
    stream = mainStream(camera!.id);
    rows = new WatchedRepository(database.dataSource);
    saver = new InterruptionSaver(new SystemClock(), createLogger('silent'), rows);
  });

  const lasting = (id: string, endMs: number, cause: NotedInterruption['cause'] = 'camera_lost') => ({
    ...{ id, cause, startMs: T, endMs: T + endMs, detail: 'The camera was away.' },
  });
  const found = () => rows.find(stream, { startMs: T, endMs: T + 100_000 });

  it('has one row for an interruption, which says how long it was seen to last and why', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    saver.save(stream, lasting(first, 10_000, 'camera_starting'));
    await saver.saved(stream);
    // A recorder that is killed now leaves this.
    expect(await found()).toEqual([{ startMs: T, endMs: T + 10_000, cause: 'camera_starting' }]);
    saver.save(stream, lasting(first, 20_000));
    saver.save(stream, lasting(second, 30_000, 'stalled'));
    await saver.saved(stream);
    expect((await found()).sort((a, b) => a.endMs - b.endMs)).toEqual([
      { startMs: T, endMs: T + 20_000, cause: 'camera_lost' },
      { startMs: T, endMs: T + 30_000, cause: 'stalled' },
    ]);
  });

  it('keeps those of another stream of the camera apart', async () => {
    const sub: StreamId = { ...stream, stream: 'sub' };
    saver.save(sub, lasting(randomUUID(), 10_000, 'stalled'));
    saver.save(stream, lasting(randomUUID(), 20_000));
    await rows.insert(sub, { startMs: T, endMs: T + 30_000, cause: 'camera_lost' }, 'The camera was away.');
    await Promise.all([saver.saved(sub), saver.saved(stream)]);
    expect(await found()).toEqual([{ startMs: T, endMs: T + 20_000, cause: 'camera_lost' }]);
    const ofSub = await rows.find(sub, { startMs: T, endMs: T + 100_000 });
    expect(ofSub.map(({ endMs }) => endMs - T).sort()).toEqual([10_000, 30_000]);
  });

  it('keeps only the last word about each while the database is away', async () => {
    const id = randomUUID();
    rows.isAway = true;
    for (let sec = 10; sec <= 90; sec += 10) saver.save(stream, lasting(id, sec * 1_000));
    rows.isAway = false;
    await eventually(async () => expect(await found()).toMatchObject([{ endMs: T + 90_000 }]));
    await saver.saved(stream);
    expect(rows.written).toEqual([90_000]);
  });

  it('gives up at the end what the database does not take', async () => {
    rows.isAway = true;
    saver.save(stream, lasting(randomUUID(), 10_000));
    await saver.finish();
    expect(await found()).toEqual([]);
  });
});
