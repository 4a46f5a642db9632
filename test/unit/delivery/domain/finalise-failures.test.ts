import { describe, expect, it } from '@jest/globals';
import { FinaliseFailures } from '../../../../src/modules/delivery/domain/finalise-failures.js';

const REFUSED_MS = 60_000;
const failuresOf = () => new FinaliseFailures(REFUSED_MS);

describe('failures to finalise', () => {
  it('believe a store that refuses when it has said so three times, for long enough', () => {
    const often = failuresOf();
    for (const atMs of [0, 1_000, 3_000, 20_000, REFUSED_MS - 1])
      expect([atMs, often.add('p', 'refused', atMs)]).toEqual([atMs, false]);
    expect(often.add('p', 'refused', REFUSED_MS)).toBe(true);
    const seldom = failuresOf();
    expect([0, 70_000, 140_000].map((atMs) => seldom.add('p', 'refused', atMs))).toEqual([false, false, true]);
  });

  it('begin to count anew when something else than a refusal came between', () => {
    for (const other of ['away', 'unmade'] as const) {
      const failures = failuresOf();
      for (const atMs of [0, 1_000]) failures.add('p', 'refused', atMs);
      failures.add('p', other, REFUSED_MS * 2);
      const later = [2, 2.1, 2.2, 3].map((minutes) => failures.add('p', 'refused', minutes * REFUSED_MS));
      expect([other, ...later]).toEqual([other, false, false, false, true]);
    }
  });

  it('wait for a store that is away for as long as it takes', () => {
    const failures = failuresOf();
    for (let attempt = 0; attempt < 1_000; attempt += 1)
      expect(failures.add('p', 'away', attempt * 30_000)).toBe(false);
  });

  it('give up footage of which no object can be made at the fifth attempt in a row', () => {
    const failures = failuresOf();
    for (let attempt = 1; attempt < 5; attempt += 1) expect(failures.add('p', 'unmade', attempt)).toBe(false);
    expect(failures.add('p', 'unmade', 5)).toBe(true);
    for (const other of ['away', 'refused'] as const) {
      const interrupted = failuresOf();
      const all = [...Array<'unmade'>(4).fill('unmade'), other, ...Array<'unmade'>(5).fill('unmade')] as const;
      expect(all.map((failure) => interrupted.add('p', failure, 0))).toEqual([...Array<boolean>(9).fill(false), true]);
    }
  });

  it('count for each playback alone, and anew when it came on', () => {
    const failures = failuresOf();
    for (const atMs of [0, 1, 2]) failures.add('p', 'refused', atMs);
    expect(failures.add('q', 'refused', REFUSED_MS)).toBe(false);
    failures.forget('p');
    expect([100_000, 100_001, 100_002].map((atMs) => failures.add('p', 'refused', atMs))).toEqual([
      false,
      false,
      false,
    ]);
    expect(failures.add('p', 'refused', 100_000 + REFUSED_MS)).toBe(true);
  });
});
