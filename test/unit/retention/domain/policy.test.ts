import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KEPT_KINDS } from '../../../../src/schema/kept-kind.js';
import {
  effectiveLimits,
  isLimited,
  limitsOfCamera,
  type Policy,
} from '../../../../src/modules/retention/domain/policy.js';

const SETTINGS = { days: 7, maxBytes: 0, keepDays: 0 };
const yard = { cameraId: 'yard', kind: 'continuous' } as const;
const policy = (fields: Partial<Policy>): Policy => ({
  ...{ cameraId: null, kind: null, days: null, maxBytes: null, keepDays: null },
  ...fields,
});

describe('what holds for a kind of a camera', () => {
  it('is what the settings say where no policy does', () => {
    expect(effectiveLimits([], yard, SETTINGS)).toEqual({
      days: { value: 7, from: 'settings' },
      maxBytes: { value: 0, from: 'settings' },
      keepDays: { value: 0, from: 'settings' },
    });
  });

  it('is the word of the most specific policy, field by field', () => {
    const policies = [
      policy({ days: 30, maxBytes: 1_000, keepDays: 1 }),
      policy({ kind: 'continuous', keepDays: 2, maxBytes: 500 }),
      policy({ cameraId: 'yard', maxBytes: 100 }),
      policy({ ...yard, days: 0 }),
      policy({ cameraId: 'door', kind: 'continuous', days: 99 }),
    ];
    expect(effectiveLimits(policies, yard, SETTINGS)).toEqual({
      days: { value: 0, from: 'camera_kind' },
      maxBytes: { value: 100, from: 'camera' },
      keepDays: { value: 2, from: 'kind' },
    });
    expect(effectiveLimits(policies, { cameraId: 'gate', kind: 'event' }, SETTINGS).days).toEqual({
      ...{ value: 30, from: 'all' },
    });
  });

  it('does not depend on the order of the policies', () => {
    const values = fc.option(fc.nat(9));
    const any = fc.record({
      cameraId: fc.constantFrom(null, 'yard', 'door'),
      kind: fc.constantFrom(null, ...KEPT_KINDS),
      ...{ days: values, maxBytes: values, keepDays: values },
    });
    const sets = fc.uniqueArray(any, { selector: ({ cameraId, kind }) => `${cameraId}/${kind}` });
    fc.assert(
      fc.property(sets, (policies) => {
        const settings = () => SETTINGS;
        const back = [...policies].reverse();
        expect(limitsOfCamera(back, 'yard', settings)).toEqual(limitsOfCamera(policies, 'yard', settings));
      }),
    );
  });

  it('is a limit when age or bytes end it; a floor is none', () => {
    expect(
      [
        { days: 1, maxBytes: 0 },
        { days: 0, maxBytes: 1 },
        { days: 0, maxBytes: 0 },
      ].map(isLimited),
    ).toEqual([...[true, true, false]]);
  });
});
