import { describe, expect, it } from '@jest/globals';
import { HeldLocks } from '../../../src/modules/cluster/held-locks.js';

describe('HeldLocks', () => {
  let nowMs = 0;
  const locks = () => {
    nowMs = 1_000;
    return new HeldLocks(500, () => nowMs);
  };

  it('takes a lock that nobody was ever seen with for free', () => {
    expect(locks().isFree('a')).toBe(true);
  });

  it('waits after each time that a lock was seen taken', () => {
    const held = locks();
    held.note('a');
    nowMs += 499;
    expect(held.isFree('a')).toBe(false);
    held.note('a');
    nowMs += 499;
    expect(held.isFree('a')).toBe(false);
    nowMs += 1;
    expect(held.isFree('a')).toBe(true);
  });

  it('counts a suspicion from the first time it was said, so that repeating it does not put it off for ever', () => {
    const held = locks();
    held.suspect('a');
    nowMs += 300;
    held.suspect('a');
    nowMs += 200;
    expect(held.isFree('a')).toBe(true);
  });

  it('counts a suspicion from a while before it was said, where it is told so', () => {
    const held = locks();
    held.suspect('a', 200);
    nowMs += 299;
    expect(held.isFree('a')).toBe(false);
    nowMs += 1;
    expect(held.isFree('a')).toBe(true);
    held.note('a');
    held.suspect('a', 200);
    nowMs += 499;
    expect(held.isFree('a')).toBe(false);
  });

  it('holds every lock for taken after a time in which it could not look', () => {
    const held = locks();
    held.noteAll();
    expect(held.isFree('never seen')).toBe(false);
    nowMs += 500;
    expect(held.isFree('never seen')).toBe(true);
  });

  it('names what somebody waits for, and holds it for free unless it was seen taken', () => {
    const held = locks();
    held.watch('a');
    expect([held.names, held.isFree('a')]).toEqual([['a'], true]);
    held.note('b');
    held.watch('b');
    expect(held.isFree('b')).toBe(false);
    held.noteAll();
    expect(held.isFree('a')).toBe(false);
  });

  it('forgets what nobody asks for, or everything', () => {
    const held = locks();
    held.note('a');
    held.note('b');
    held.keepOnly(['b']);
    expect(held.names).toEqual(['b']);
    held.noteAll();
    held.forget();
    expect([held.isFree('a'), held.isFree('b')]).toEqual([true, true]);
  });
});
