import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AppError } from '../../../src/common/errors.js';
import { createLogger } from '../../../src/common/logging.js';
import { HealthService } from '../../../src/modules/health/health.service.js';

let lines: string[];
let health: HealthService;

beforeEach(() => {
  lines = [];
  health = new HealthService(createLogger('info', (line) => lines.push(line)));
});

afterEach(() => {
  jest.useRealTimers();
});

describe('HealthService', () => {
  it('is ready when every check is', async () => {
    health.register('b', async () => 'fine');
    health.register('a', async () => 'good');
    const readiness = await health.ready();
    expect(readiness).toEqual({
      status: 'ok',
      checks: { a: { ok: true, detail: 'good' }, b: { ok: true, detail: 'fine' } },
    });
    expect(Object.keys(readiness.checks)).toEqual(['a', 'b']);
    expect(lines).toEqual([]);
  });

  it('is degraded when all that fails only degrades it, and unavailable when anything else fails too', async () => {
    const broken = new Set(['store']);
    const check = (name: string) => async () => {
      if (broken.has(name)) throw new Error('away');
      return 'fine';
    };
    health.register('store', check('store'), 'degrading');
    health.register('database', check('database'));
    const degraded = await health.ready();
    expect([degraded.status, degraded.checks['store']?.ok]).toEqual(['degraded', false]);
    broken.add('database');
    expect((await health.ready()).status).toBe('unavailable');
    broken.clear();
    expect((await health.ready()).status).toBe('ok');
    expect(await health.look('store')).toEqual({ ok: true, detail: 'fine' });
    expect((await health.look('nothing')).ok).toBe(false);
  });

  it('shows the message of an AppError, which is made for people', async () => {
    health.register('disk', () => Promise.reject(new AppError({ code: 'HEALTH.DISK_FULL', message: 'no room' })));
    expect(await health.ready()).toEqual({ status: 'unavailable', checks: { disk: { ok: false, detail: 'no room' } } });
  });

  it('keeps any other message in the log', async () => {
    health.register('database', () => Promise.reject(new Error('password authentication failed for "hindsight"')));
    health.register('sync', () => {
      throw new Error('inside');
    });
    const { status, checks } = await health.ready();
    expect(status).toBe('unavailable');
    expect(checks).toEqual({
      database: { ok: false, detail: "failed; the service's log says why" },
      sync: { ok: false, detail: "failed; the service's log says why" },
    });
    expect(lines.join('')).toContain('password authentication failed');
  });

  it('does not wait for a check that hangs, nor start it again beside itself', async () => {
    jest.useFakeTimers();
    let runs = 0;
    let release: (detail: string) => void = () => undefined;
    health.register('storage', () => {
      runs++;
      return new Promise((resolve) => (release = resolve));
    });
    for (let i = 0; i < 3; i++) {
      const readiness = health.ready();
      await jest.advanceTimersByTimeAsync(2_000);
      expect((await readiness).checks['storage']).toEqual({ ok: false, detail: 'no answer within 2000 ms' });
    }
    expect(runs).toBe(1);
    release('late');
    await jest.advanceTimersByTimeAsync(0);
    const readiness = health.ready();
    await jest.advanceTimersByTimeAsync(0);
    release('fine');
    expect((await readiness).checks['storage']).toEqual({ ok: true, detail: 'fine' });
    expect(runs).toBe(2);
  });

  it('logs a failure once, and its end', async () => {
    let works = false;
    health.register('ffmpeg', async () => {
      if (!works) throw new Error('gone');
      return 'there';
    });
    await health.ready();
    await health.ready();
    works = true;
    await health.ready();
    await health.ready();
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'health check failed',
      'health check is fine again',
    ]);
  });
});
