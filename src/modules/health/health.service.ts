import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';

/** Resolves with a few words on what was found; throws when the thing does not work. An AppError's message is shown to the public. */
export type HealthCheck = () => Promise<string>;

export interface CheckResult {
  ok: boolean;
  detail: string;
}

export const READINESS_STATUSES = ['ok', 'degraded', 'unavailable'] as const;
export type ReadinessStatus = (typeof READINESS_STATUSES)[number];

/** What a failing check means: no event can be taken, or only that something stays undone meanwhile. */
export type Severity = 'required' | 'degrading';

export interface Readiness {
  /** degraded: it takes events, and something that it needs later is away. */
  status: ReadinessStatus;
  checks: Record<string, CheckResult>;
}

const CHECK_TIMEOUT_MS = 2_000;

interface Outcome extends CheckResult {
  /** For the log alone. */
  cause?: unknown;
}

/** Knows whether this process can take events; the modules contribute the checks. */
@Injectable()
export class HealthService {
  private readonly checks = new Map<string, HealthCheck>();
  private readonly degrading = new Set<string>();
  private readonly running = new Map<string, Promise<Outcome>>();
  private readonly lastOk = new Map<string, boolean>();

  constructor(private readonly logger: AppLogger) {}

  /** Adds a check to `GET /health/ready`, usually in `onModuleInit`. */
  register(name: string, check: HealthCheck, severity: Severity = 'required'): void {
    this.checks.set(name, check);
    if (severity === 'degrading') this.degrading.add(name);
  }

  /** Runs one check, for at most two seconds; not ok when nobody has registered it. */
  async look(name: string): Promise<CheckResult> {
    return this.checks.has(name) ? this.bounded(name) : { ok: false, detail: 'there is no such check' };
  }

  /** Runs every check, each for at most two seconds. */
  async ready(): Promise<Readiness> {
    const names = [...this.checks.keys()].sort();
    const results = await Promise.all(names.map((name) => this.bounded(name)));
    const failed = names.filter((_name, i) => !results[i]!.ok);
    return {
      status:
        failed.length === 0 ? 'ok' : failed.every((name) => this.degrading.has(name)) ? 'degraded' : 'unavailable',
      checks: Object.fromEntries(names.map((name, i) => [name, results[i]!])),
    };
  }

  private async bounded(name: string): Promise<CheckResult> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<Outcome>((resolve) => {
      timer = setTimeout(
        () => resolve({ ok: false, detail: `no answer within ${CHECK_TIMEOUT_MS} ms` }),
        CHECK_TIMEOUT_MS,
      );
    });
    const outcome = await Promise.race([this.runOnce(name), tooLate]);
    clearTimeout(timer);
    this.logChange(name, outcome);
    return { ok: outcome.ok, detail: outcome.detail };
  }

  /** One run of a check at a time: anybody may ask for readiness, and a check that hangs must not pile up. */
  private runOnce(name: string): Promise<Outcome> {
    const current = this.running.get(name) ?? this.run(name).finally(() => this.running.delete(name));
    this.running.set(name, current);
    return current;
  }

  private async run(name: string): Promise<Outcome> {
    try {
      return { ok: true, detail: await this.checks.get(name)!() };
    } catch (error) {
      // Whoever asks is not logged in: only messages made for people go out, the rest is in the log.
      const detail = error instanceof AppError ? error.message : "failed; the service's log says why";
      return { ok: false, detail, cause: error };
    }
  }

  private logChange(name: string, { ok, detail, cause }: Outcome): void {
    const wasOk = this.lastOk.get(name) ?? true;
    this.lastOk.set(name, ok);
    if (wasOk === ok) return;
    if (ok) this.logger.info('health check is fine again', { check: name, detail });
    else this.logger.warn('health check failed', { check: name, detail, err: cause });
  }
}
