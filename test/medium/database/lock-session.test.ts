import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { freeLockSql, LockSession } from '../../../src/modules/database/lock-session.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';

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

  it('tells whether others share a lock with it, and which of them are gone, and takes nothing for that', async () => {
    const [a, b] = [await open(), await open()];
    await a.lockShared('each of us');
    expect(await a.glance('each of us', [])).toEqual({ isOnly: true, gone: [] });
    await b.lockShared('each of us');
    const pids = await a.findHolders('each of us');
    expect(pids).toHaveLength(2);
    expect(await a.glance('each of us', pids)).toEqual({ isOnly: false, gone: [] });
    expect(await b.glance('each of us', pids)).toEqual({ isOnly: false, gone: [] });
    await b.close();
    await eventually(async () => expect(await a.glance('each of us', pids)).toMatchObject({ isOnly: true }));
    const left = await a.findHolders('each of us');
    expect(left).toHaveLength(1);
    const gone = pids.filter((pid) => !left.includes(pid));
    await eventually(async () => expect((await a.glance('each of us', pids)).gone).toEqual(gone));
    // What it took for a moment is given back: another one can share it.
    const c = await open();
    await c.lockShared('each of us');
    expect(await a.glance('each of us', left)).toEqual({ isOnly: false, gone: [] });
  });

  it('can be asked in SQL which locks are free', async () => {
    const a = await open();
    await a.tryLock(['yard', 'gate']);
    await a.lockShared('shared');
    const free = await database.dataSource.query(
      `SELECT name FROM unnest('{yard,gate,shared,attic}'::text[]) AS name WHERE ${freeLockSql('name')}`,
    );
    expect(free).toEqual([{ name: 'attic' }]);
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
