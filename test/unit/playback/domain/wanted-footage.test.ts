import { describe, expect, it } from '@jest/globals';
import { longestMs, planWanted } from '../../../../src/modules/playback/domain/wanted-footage.js';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const at = (sec: number) => new Date(NOW + sec * 1_000);

describe('what POST /playbacks wants', () => {
  it('is a recording from now on without a from, as long as it says', () => {
    expect(planWanted({}, NOW)).toEqual({ kind: 'open', startAt: undefined, durationSec: undefined });
    expect(planWanted({ durationSec: 60 }, NOW)).toEqual({ kind: 'open', startAt: undefined, durationSec: 60 });
  });

  it('is an export when its range is over, also at this very moment', () => {
    const startMs = NOW - 60_000;
    expect(planWanted({ from: at(-60), to: at(-30) }, NOW)).toEqual({ kind: 'past', startMs, endMs: NOW - 30_000 });
    expect(planWanted({ from: at(-60), to: at(0) }, NOW)).toEqual({ kind: 'past', startMs, endMs: NOW });
  });

  it('is a recording that began earlier when its range goes on', () => {
    expect(planWanted({ from: at(-60) }, NOW)).toEqual({ kind: 'open', startAt: at(-60), durationSec: undefined });
    expect(planWanted({ from: at(-60), durationSec: 9 }, NOW)).toMatchObject({ startAt: at(-60), durationSec: 9 });
    const until = planWanted({ from: at(-60), to: at(30) }, NOW);
    expect(until).toEqual({ kind: 'open', startAt: at(-60), durationSec: 30 });
    expect(until).toMatchObject({ kind: 'open' });
    expect(longestMs({ kind: 'open', startAt: at(-60), durationSec: 30 }, NOW)).toBe(90_000);
    expect(planWanted({ from: at(-60), to: new Date(NOW + 1) }, NOW)).toMatchObject({ durationSec: 1 });
  });

  it.each([
    [{ from: at(1) }, 'from'],
    [{ to: at(1) }, 'to'],
    [{ from: at(-60), to: at(-60) }, 'to'],
    [{ from: at(-60), to: at(-61) }, 'to'],
    [{ from: at(-60), to: at(-30), durationSec: 30 }, 'durationSec'],
  ])('names the field that makes no sense (%#)', (times, field) => {
    expect(planWanted(times, NOW)).toMatchObject({ field });
  });
});
