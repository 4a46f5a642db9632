import { describe, expect, it } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import { loadConfig } from '../../../src/config/app-config.js';
import { LoginLimiter } from '../../../src/modules/auth/login-limiter.js';

class SetClock extends Clock {
  ms = 1_000_000;
  nowMs(): number {
    return this.ms;
  }
  async sleep(): Promise<void> {}
}

function limiterOf(loginsPerMinute: number) {
  const clock = new SetClock();
  const limiter = new LoginLimiter(loadConfig({ LOGINS_PER_MINUTE: String(loginsPerMinute) }), clock);
  return { clock, take: (address: string) => limiter.take(address) };
}

describe('LoginLimiter', () => {
  it('lets so many through within a minute, and says how long to wait', () => {
    const { clock, take } = limiterOf(2);
    take('192.0.2.1');
    clock.ms += 20_500;
    take('192.0.2.1');
    expect(() => take('192.0.2.1')).toThrow(
      expect.objectContaining({ code: 'AUTH.TOO_MANY_LOGINS', kind: 'too_many', retryAfterSec: 40 }),
    );
    clock.ms += 39_500;
    take('192.0.2.1');
  });

  it('counts each address for itself', () => {
    const { take } = limiterOf(1);
    take('192.0.2.1');
    take('192.0.2.2');
    expect(() => take('192.0.2.1')).toThrow('Too many logins');
  });

  it('takes an IPv4 address for the same in both spellings', () => {
    const { take } = limiterOf(1);
    take('192.0.2.1');
    expect(() => take('::ffff:192.0.2.1')).toThrow('Too many logins');
  });

  it('takes the /64 of an IPv6 address', () => {
    const { take } = limiterOf(1);
    take('2001:db8:1:2::1');
    expect(() => take('2001:db8:1:2:ffff::9')).toThrow('Too many logins');
    take('2001:db8:1:3::1');
  });

  it('does not let a flood of refused logins put off the end of the minute', () => {
    const { clock, take } = limiterOf(1);
    take('192.0.2.1');
    for (let i = 0; i < 59; i++) {
      clock.ms += 1_000;
      expect(() => take('192.0.2.1')).toThrow('Too many logins');
    }
    clock.ms += 1_000;
    take('192.0.2.1');
  });
});
