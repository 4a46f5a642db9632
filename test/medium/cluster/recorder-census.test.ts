import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RecorderCensus } from '../../../src/modules/cluster/recorder-census.js';
import { LockSession } from '../../../src/modules/database/lock-session.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';

/** Longer than it counts by itself. */
const LATER_MS = 10_000;

describe('the census of recorders', () => {
  let database: TestDatabase;
  let nowMs: number;
  let census: RecorderCensus;
  let own: LockSession;
  const sessions: LockSession[] = [];
  beforeAll(async () => void (database = await createTestDatabase()));
  beforeEach(async () => {
    nowMs = 1_000;
    census = new RecorderCensus(() => nowMs);
    own = await open(census);
    // Those of the test before may take a moment to go.
    await eventually(async () => expect(await own.findHolders('hindsight recorders')).toHaveLength(1));
  });
  afterEach(async () => {
    for (const session of sessions.splice(0)) await session.close();
  });
  afterAll(() => database.drop());

  async function open(joining: RecorderCensus): Promise<LockSession> {
    const session = await LockSession.open(database.url);
    sessions.push(session);
    await joining.join(session);
    return session;
  }

  const another = () => open(new RecorderCensus(() => nowMs));

  it('sees the first one beside it at once, and that it is alone again', async () => {
    expect([await census.take(own), census.others]).toEqual([false, 0]);
    const other = await another();
    expect([await census.take(own), census.others]).toEqual([false, 1]);
    await other.close();
    await eventually(async () => expect(await census.take(own)).toBe(true));
    expect([await census.take(own), census.others]).toEqual([false, 0]);
  });

  it('sees any other that comes later when it counts the next time, and at once that one has gone', async () => {
    const [first] = [await another(), await another()];
    await census.take(own);
    expect(census.others).toBe(2);
    const last = await another();
    nowMs += LATER_MS;
    expect([await census.take(own), census.others]).toEqual([false, 3]);
    await first.close();
    await eventually(async () => expect(await census.take(own)).toBe(true));
    expect(census.others).toBe(2);
    await last.close();
    await eventually(async () => expect(await census.take(own)).toBe(true));
    expect(census.others).toBe(1);
  });
});
