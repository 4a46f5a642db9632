import { Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';

const WINDOW_MS = 60_000;
/** More addresses than this within a minute are an attack from everywhere; forgetting the oldest bounds the memory. */
const MAX_ADDRESSES = 100_000;

interface Window {
  endsAtMs: number;
  logins: number;
}

/** Counts logins per address and minute, right ones too. In memory: with several API processes the limit holds for each. */
@Injectable()
export class LoginLimiter {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `AUTH.TOO_MANY_LOGINS` with the seconds to wait */
  take(address: string): void {
    const nowMs = this.clock.nowMs();
    this.forgetEnded(nowMs);
    const key = addressKey(address);
    const window = this.windows.get(key) ?? { endsAtMs: nowMs + WINDOW_MS, logins: 0 };
    this.windows.set(key, window);
    if (++window.logins > this.config.http.loginsPerMinute) throw tooMany(Math.ceil((window.endsAtMs - nowMs) / 1_000));
  }

  /** A Map keeps the order of insertion, which is the order in which the windows end. */
  private forgetEnded(nowMs: number): void {
    for (const [key, { endsAtMs }] of this.windows) {
      if (endsAtMs > nowMs && this.windows.size < MAX_ADDRESSES) return;
      this.windows.delete(key);
    }
  }
}

/** One home or one machine usually has a whole IPv6 /64; an IPv4 address in IPv6 clothes is that IPv4 address. */
function addressKey(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : parsed.toString();
}

function tooMany(retryAfterSec: number): AppError {
  return new AppError({
    code: 'AUTH.TOO_MANY_LOGINS',
    values: { seconds: retryAfterSec },
    retryAfterSec,
  });
}
