import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../src/common/clock.js';
import { createLogger } from '../../../src/common/logging.js';
import { NotificationListener, notify } from '../../../src/modules/database/notifications.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';

describe('NotificationListener', () => {
  let database: TestDatabase;
  let listener: NotificationListener;
  let heard: (string | null)[];
  beforeEach(async () => {
    database = await createTestDatabase();
    listener = new NotificationListener(database.dataSource, new SystemClock(), createLogger('silent'));
    heard = [];
    listener.listen('hindsight_recordings', (payload) => heard.push(payload));
    await eventually(() => expect(heard).toEqual([null]));
  });
  afterEach(async () => {
    await listener.onApplicationShutdown();
    await database.drop();
  });

  const tell = (payload: string) => notify(database.dataSource.manager, 'hindsight_recordings', payload);

  it('hears what was committed, and nothing else', async () => {
    const undone = database.dataSource.transaction(async (manager) => {
      await notify(manager, 'hindsight_recordings', 'undone');
      throw new Error('changed our mind');
    });
    await expect(undone).rejects.toThrow('changed our mind');
    await tell('done');
    await eventually(() => expect(heard).toEqual([null, 'done']));
  });

  it('comes back after its connection was cut, and says that it may have missed something', async () => {
    const cut = async () => {
      const rows = await database.dataSource.query<unknown[]>(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
      );
      expect(rows).toHaveLength(1);
    };
    await cut();
    await eventually(() => expect(heard).toEqual([null, null]));
    await tell('again');
    await eventually(() => expect(heard).toEqual([null, null, 'again']));
    await cut();
    await eventually(() => expect(heard).toEqual([null, null, 'again', null]));
  });

  it('leaves no connection behind when it stops', async () => {
    await listener.onApplicationShutdown();
    await eventually(async () => {
      const rows = await database.dataSource.query<unknown[]>(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
      );
      expect(rows).toEqual([]);
    });
    await tell('nobody');
    expect(heard).toEqual([null]);
  });
});
