import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { isDatabaseAway } from '../../common/database-away.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import type { IncidentKind } from '../../schema/incident.entity.js';
import type { Condition } from './domain/condition.js';
import { type IncidentChange, IncidentRepository } from './incident.repository.js';

/** A way to find out what is wrong of one kind. */
export interface IncidentCheck {
  kind: IncidentKind;
  /** The recorder that alone can see it. Left out: every process can, and one at a time looks. */
  nodeId?: string | undefined;
  /**
   * All that is wrong at `now`, also what is not long enough for an incident. It may throw: then nothing begins and nothing ends.
   * @param manager to be used for queries: its transaction, if it has one, keeps the other processes from looking too
   */
  find(now: Date, manager: EntityManager): Promise<Condition[]>;
}

/** A process that has not looked for so many rounds is gone, and its incidents with it. */
const GONE_AFTER_ROUNDS = 5;
/** A look is a few queries; a database that is away must not keep the process from ending. */
const STOP_WAIT_MS = 2_000;

/** Keeps the table of incidents as things are; the modules contribute the checks. */
@Injectable()
export class IncidentMonitor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly checks: IncidentCheck[] = [];
  private readonly failing = new Set<string>();
  private looking: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private lookedAtMs = -Infinity;
  /** Since when this process has looked round after round, and the database has answered; null: the last time it did not. */
  private steadySinceMs: number | null = null;

  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly dataSource: DataSource,
    private readonly incidents: IncidentRepository,
  ) {}

  /** Adds a check, usually in `onModuleInit`; each kind has one in a process. */
  register(check: IncidentCheck): void {
    this.checks.push(check);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), this.config.incidents.checkMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopped = true;
    const waited = new AbortController();
    await Promise.race([this.looking, this.clock.sleep(STOP_WAIT_MS, waited.signal)]);
    waited.abort();
  }

  /** Looks now; calls during a look share it. Never throws. */
  async look(): Promise<void> {
    this.looking ??= this.lookOnce().finally(() => (this.looking = null));
    await this.looking;
  }

  private async lookOnce(): Promise<void> {
    this.beginRound();
    for (const check of this.checks) {
      if (this.stopped) return;
      const { kind, nodeId } = check;
      if (await this.attempt(kind, () => this.run(check))) continue;
      // Nobody may take this node for gone: it is there, and does not know.
      if (nodeId) await this.attempt(`${kind}, kept`, () => this.incidents.keep(kind, nodeId, this.clock.now()));
    }
    await this.attempt('nodes that are gone', () => this.endAbandoned());
  }

  /** A machine that slept, or whose clock was set, has not looked for as long as the clock says. */
  private beginRound(): void {
    const nowMs = this.clock.nowMs();
    if (nowMs - this.lookedAtMs > 2 * this.config.incidents.checkMs) this.steadySinceMs = null;
    this.lookedAtMs = nowMs;
    this.steadySinceMs ??= nowMs;
  }

  private async run(check: IncidentCheck): Promise<void> {
    const changes = check.nodeId
      ? await this.sync(check, this.dataSource.manager)
      : await this.incidents.exclusively(check.kind, (manager) => this.sync(check, manager));
    this.tell(changes ?? []);
  }

  private async sync(check: IncidentCheck, manager: EntityManager): Promise<IncidentChange[]> {
    const now = this.clock.now();
    const { kind, nodeId = null } = check;
    const found = await check.find(now, manager);
    const heldSince = new Date(now.getTime() - this.config.incidents.afterSec * 1_000);
    return this.incidents.sync(manager, { kind, nodeId, now, heldSince }, found);
  }

  /**
   * Another process is taken for gone only by one that has looked all that time itself: after an outage of the database nobody has.
   */
  private async endAbandoned(): Promise<void> {
    const goneAfterMs = GONE_AFTER_ROUNDS * this.config.incidents.checkMs;
    const nowMs = this.clock.nowMs();
    if (this.steadySinceMs === null || nowMs - this.steadySinceMs < goneAfterMs) return;
    this.tell(await this.incidents.endAbandoned(new Date(nowMs - goneAfterMs)));
  }

  /** Logs a failure once, however often it is repeated. @returns whether the work was done */
  private async attempt(name: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      if (this.failing.delete(name)) this.logger.info('incidents can be looked for again', { check: name });
      return true;
    } catch (error) {
      if (isDatabaseAway(error)) this.steadySinceMs = null;
      if (!this.failing.has(name)) this.logger.warn('incidents could not be looked for', { check: name, err: error });
      this.failing.add(name);
      return false;
    }
  }

  private tell(changes: readonly IncidentChange[]): void {
    for (const { change, ...incident } of changes) {
      if (change === 'began') this.logger.warn('an incident began', incident);
      else this.logger.info('an incident is over', incident);
    }
  }
}
