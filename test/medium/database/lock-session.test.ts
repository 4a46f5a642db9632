import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { LockSession } from '../../../src/modules/database/lock-session.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

describe('a lock session', () => {
  let database: TestDatabase;
  const sessions: LockSession[] = [];
  beforeAll(async () => void (database = await createTestDatabase()));
  afterEach(async () => {
    for (const session of sessions.splice(0)) await session.close();
  });
  afterAll(() => database.drop());

  async function open(): Promise<LockSession> {
    const session = await LockSession.open(database.url);
    sessions.push(session);
    return session;
  }

  const lossOf = (session: LockSession) => new Promise<Error>((resolve) => session.onLost(resolve));

  it('takes what is free, and says what it has', async () => {
    const [a, b] = [await open(), await open()];
    expect(await a.tryLock(['x', 'y'])).toEqual(new Set(['x', 'y']));
    expect(await b.tryLock(['y', 'z'])).toEqual(new Set(['z']));
    expect(await a.tryLock(['x', 'z'])).toEqual(new Set(['x']));
  });

  it('needs one unlock, however often it was asked for a lock that it has', async () => {
    const [a, b] = [await open(), await open()];
    await a.tryLock(['x']);
    await a.tryLock(['x']);
    await a.unlock(['x']);
    expect(await b.tryLock(['x'])).toEqual(new Set(['x']));
  });

  it('counts who holds a lock, alone or together', async () => {
    const [a, b] = [await open(), await open()];
    await a.lockShared('all of us');
    await b.lockShared('all of us');
    await b.tryLock(['x']);
    expect(await a.countHolders(['all of us', 'x', 'nobody'])).toEqual(
      new Map([
        ['all of us', 2],
        ['x', 1],
      ]),
    );
  });

  it('loses everything with its connection, and says so once', async () => {
    const [a, b] = [await open(), await open()];
    await a.tryLock(['x']);
    const lost = lossOf(a);
    await database.dataSource.query(
      `SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 1
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    expect((await lost).message).not.toBe('');
    expect(await b.tryLock(['x'])).toEqual(new Set(['x']));
    expect((await lossOf(a)).message).toBe((await lost).message);
  });

  it('says nothing after it was closed on purpose, and its locks are free', async () => {
    const [a, b] = [await open(), await open()];
    let told = 0;
    a.onLost(() => (told += 1));
    await a.tryLock(['x']);
    await a.close();
    expect(await b.tryLock(['x'])).toEqual(new Set(['x']));
    expect(told).toBe(0);
  });

  it('does not open where there is no database', async () => {
    await expect(LockSession.open('postgresql://x:y@127.0.0.1:1/z')).rejects.toThrow('ECONNREFUSED');
  });
});
