import { describe, expect, it } from '@jest/globals';
import { KILL_KINDS, planCampaign, type PlanOptions } from '../../../tools/faults/plan.js';

const options: PlanOptions = { seed: 7, kills: 40, recordings: 20, cameras: 4, kinds: KILL_KINDS, killEveryMs: 5_000 };

describe('the plan of a campaign', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planCampaign(options)).toEqual(planCampaign({ ...options }));
    expect(planCampaign({ ...options, seed: 8 })).not.toEqual(planCampaign(options));
  });

  it('has as many kills and recordings as were asked for, in order of time and within the campaign', () => {
    const { kills, recordings, durationMs } = planCampaign(options);
    expect([kills.length, recordings.length]).toEqual([40, 20]);
    expect(durationMs).toBeGreaterThanOrEqual(40 * 5_000);
    for (const list of [kills, recordings]) {
      expect(list.map(({ index }) => index)).toEqual(list.map((_, index) => index));
      expect(list.map(({ atMs }) => atMs)).toEqual(list.map(({ atMs }) => atMs).sort((a, b) => a - b));
    }
    expect(recordings.every(({ atMs, lengthMs }) => atMs >= 0 && atMs + lengthMs <= durationMs)).toBe(true);
    expect(kills.every(({ atMs }) => atMs < durationMs)).toBe(true);
  });

  it('kills in every way that was asked for, and in no other', () => {
    const kindsOf = (changes: Partial<PlanOptions>) =>
      new Set(planCampaign({ ...options, ...changes }).kills.map(({ kind }) => kind));
    expect(kindsOf({ kills: 8 })).toEqual(new Set(KILL_KINDS));
    expect(kindsOf({ kinds: ['service', 'drain'] })).toEqual(new Set(['service', 'drain']));
  });

  it('uses every camera, for 5 to 20 seconds at a time', () => {
    const { recordings } = planCampaign(options);
    expect(new Set(recordings.map(({ cameraIndex }) => cameraIndex))).toEqual(new Set([0, 1, 2, 3]));
    for (const { lengthMs } of recordings) {
      expect(lengthMs).toBeGreaterThanOrEqual(5_000);
      expect(lengthMs).toBeLessThan(20_000);
    }
  });

  it('lasts long enough for a recording also without kills', () => {
    const { recordings, durationMs } = planCampaign({ ...options, kills: 0 });
    expect(recordings.every(({ atMs, lengthMs }) => atMs >= 0 && atMs + lengthMs <= durationMs)).toBe(true);
  });
});
