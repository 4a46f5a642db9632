import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareNeeds, type PartNeed, PartTurns } from '../../../src/modules/delivery/domain/part-turns.js';

const need = fc.record({
  canWait: fc.boolean(),
  endedAtMs: fc.option(fc.integer({ min: 1, max: 50 })),
  atRiskSinceMs: fc.integer({ min: 1, max: 50 }),
});

const turnsOf = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Work that goes on until it is told to end. */
function held() {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const work = (index: number) => () =>
    new Promise<void>((resolve) => {
      begun.push(index);
      ends[index] = resolve;
    });
  return { begun, work, end: (index: number) => ends[index]!() };
}

describe('turns of parts', () => {
  const never = new AbortController().signal;

  it('is an order: nobody waits for each other in a circle', () => {
    fc.assert(
      fc.property(need, need, need, (a, b, c) => {
        expect(Math.sign(compareNeeds(a, b))).toBe(-Math.sign(compareNeeds(b, a)) || 0);
        if (compareNeeds(a, b) <= 0 && compareNeeds(b, c) <= 0) expect(compareNeeds(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('puts those that have ended first, in the order of their ends', () => {
    const open: PartNeed = { endedAtMs: null, atRiskSinceMs: 1 };
    const early: PartNeed = { endedAtMs: 10, atRiskSinceMs: 9 };
    const late: PartNeed = { endedAtMs: 20, atRiskSinceMs: 2 };
    const young: PartNeed = { endedAtMs: null, atRiskSinceMs: 5 };
    expect([young, late, open, early].sort(compareNeeds)).toEqual([early, late, open, young]);
  });

  it('puts exports behind everything that is recorded, however long ago their range ended', () => {
    const exported: PartNeed = { canWait: true, endedAtMs: 1, atRiskSinceMs: 1 };
    const open: PartNeed = { endedAtMs: null, atRiskSinceMs: 5 };
    const ended: PartNeed = { canWait: false, endedAtMs: 20, atRiskSinceMs: 9 };
    expect([exported, open, ended].sort(compareNeeds)).toEqual([ended, open, exported]);
  });

  it('gives each place that becomes free to the neediest of those who wait, and never too many', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(need, { minLength: 1, maxLength: 12 }),
        async (places, needs) => {
          const turns = new PartTurns(places);
          const { begun, work, end } = held();
          const runs = needs.map((each, index) => turns.run(() => each, work(index), never));
          await turnsOf();
          expect(begun).toEqual(needs.map((_, index) => index).slice(0, places));
          const waiting = needs.map((_, index) => index).slice(places);
          for (let ended = 0; ended < needs.length; ended += 1) {
            end(begun[ended]!);
            await turnsOf();
            if (waiting.length === 0) continue;
            const next = begun.at(-1)!;
            expect(waiting).toContain(next);
            for (const other of waiting) expect(compareNeeds(needs[next]!, needs[other]!)).toBeLessThanOrEqual(0);
            waiting.splice(waiting.indexOf(next), 1);
          }
          await Promise.all(runs);
          expect(begun).toHaveLength(needs.length);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('frees the place of work that fails, and of one that gave up waiting there is nothing left', async () => {
    const turns = new PartTurns(1);
    const { begun, work, end } = held();
    const ask = (index: number, signal = never) =>
      turns.run(() => ({ endedAtMs: null, atRiskSinceMs: index }), work(index), signal);
    const failing = turns.run(
      () => ({ endedAtMs: null, atRiskSinceMs: 0 }),
      () => Promise.reject(new Error('the store is away')),
      never,
    );
    await expect(failing).rejects.toThrow('away');
    const first = ask(1);
    const given = new AbortController();
    const second = ask(2, given.signal);
    const third = ask(3);
    given.abort(new Error('not any more'));
    await expect(second).rejects.toThrow('not any more');
    await expect(ask(4, AbortSignal.abort(new Error('never')))).rejects.toThrow('never');
    end(1);
    await first;
    await turnsOf();
    expect(begun).toEqual([1, 3]);
    end(3);
    await third;
  });

  it('looks at needs when a place is free, not when one began to wait', async () => {
    const turns = new PartTurns(1);
    const { begun, work, end } = held();
    const ended: PartNeed = { endedAtMs: null, atRiskSinceMs: 9 };
    const runs = [ended, { endedAtMs: null, atRiskSinceMs: 1 }, ended].map((each, index) =>
      turns.run(() => each, work(index), never),
    );
    ended.endedAtMs = 5;
    await turnsOf();
    end(0);
    await turnsOf();
    expect(begun).toEqual([0, 2]);
    end(2);
    await turnsOf();
    end(1);
    await Promise.all(runs);
  });
});
