import { describe, expect, it } from '@jest/globals';
import { planJoinedRange, planRange } from '../../../../src/modules/recording/domain/range-plan.js';

const NOW_MS = 1_800_000_000_000;
const trigger = { occurredAtMs: NOW_MS, nowMs: NOW_MS, preRollSec: 5, maxRecordingSec: 60 };

describe('planRange', () => {
  it.each([
    ['now', 0, -5_000],
    ['as late as is believed', 300_000, -305_000],
    ['later than that', 300_001, -5_000],
    ['ahead of us', -2_000, -5_000],
  ])('begins the pre-roll before an event that is %s', (_case, ageMs, startMs) => {
    const range = planRange({ ...trigger, occurredAtMs: NOW_MS - ageMs }, 300);
    expect(range).toEqual({ startMs: NOW_MS + startMs, deadlineMs: NOW_MS + 60_000 });
  });
});

describe('planJoinedRange', () => {
  const present = { startMs: 1_000, deadlineMs: 61_000 };
  const earlier = { startMs: 500, deadlineMs: 62_000 };
  const later = { startMs: 2_000, deadlineMs: 60_000 };

  it('never moves the start later or the dead-man limit nearer', () => {
    expect(planJoinedRange(present, later, { warm: true, begun: true })).toEqual(present);
  });

  it.each([
    { warm: true, begun: true, startMs: 500 },
    { warm: true, begun: false, startMs: 500 },
    { warm: false, begun: false, startMs: 500 },
    { warm: false, begun: true, startMs: 1_000 },
  ])('moves the start back only where that can bring footage: %j', ({ startMs, ...camera }) => {
    expect(planJoinedRange(present, earlier, camera)).toEqual({ startMs, deadlineMs: 62_000 });
  });
});
