import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/app-config.js';

describe('the configuration of incidents', () => {
  it('has an incident told within a minute', () => {
    const { incidents } = loadConfig({});
    expect(incidents).toEqual({ checkMs: 15_000, afterSec: 45 });
    expect(incidents.checkMs + incidents.afterSec * 1_000).toBeLessThanOrEqual(60_000);
    expect(Object.isFrozen(incidents)).toBe(true);
  });

  it('can be set', () => {
    const { incidents } = loadConfig({ INCIDENT_CHECK_MS: '1000', INCIDENT_AFTER_SEC: '0' });
    expect(incidents).toEqual({ checkMs: 1_000, afterSec: 0 });
  });

  it.each([
    ['INCIDENT_CHECK_MS', '999'],
    ['INCIDENT_CHECK_MS', '3600001'],
    ['INCIDENT_AFTER_SEC', '-1'],
    ['INCIDENT_AFTER_SEC', '86401'],
    ['INCIDENT_AFTER_SEC', '0.5'],
  ])('refuses %s=%s', (name, value) => {
    expect(() => loadConfig({ [name]: value })).toThrow(name);
  });
});
