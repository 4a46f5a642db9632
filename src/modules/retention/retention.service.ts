import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { Metrics } from '../health/index.js';
import { KEPT_KINDS, type KeptKind } from '../../schema/kept-kind.js';
import { cutoffMs, floorMs, type Plan, planVictims, type Victim, type WantedBytes } from './domain/plan-victims.js';
import { changeLimits, isLimited, type LimitChange, type Limits, limitsOfCamera } from './domain/policy.js';
import { type Cutoffs, ITEMS_AT_ONCE, KeepingRepository } from './keeping.repository.js';
import { PolicyRepository } from './policy.repository.js';
import { RemovalRepository } from './removal.repository.js';

export type { LimitChange } from './domain/policy.js';

/** What came of one look at a camera. */
export interface Cleaned {
  freedBytes: number;
  /** Whether there may be more to go than was read at once. */
  isCut: boolean;
}

/** Deletes of one camera what its limits, or a want of room, say: plan, rows and tombstones in one transaction under the lock of the camera. */
@Injectable()
export class RetentionService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keeping: KeepingRepository,
    private readonly policies: PolicyRepository,
    private readonly removals: RemovalRepository,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /** Everything that its limits give away. */
  async clean(cameraId: string): Promise<void> {
    while ((await this.cleanOnce(cameraId)).isCut);
  }

  /** As much as is read at once. */
  async cleanOnce(cameraId: string, wanted?: WantedBytes): Promise<Cleaned> {
    const { victims, cleaned } = await this.dataSource.transaction((manager) =>
      this.run(manager, cameraId, { wanted }),
    );
    this.count(victims);
    return cleaned;
  }

  /** For the metrics, when it is certain that they are gone. */
  count(victims: readonly Victim[]): void {
    for (const { item, cause } of victims) this.metrics.removedBytes.inc({ cause }, item.sizeBytes);
  }

  /** The same in the transaction of `manager`. */
  async run(
    manager: EntityManager,
    cameraId: string,
    { wanted, change = {} }: { wanted?: WantedBytes | undefined; change?: LimitChange },
  ): Promise<{ victims: Victim[]; cleaned: Cleaned }> {
    await this.keeping.lock(manager, cameraId);
    const { plan, isPageFull } = await this.plan(manager, cameraId, wanted, change);
    const freedBytes = await this.remove(manager, cameraId, plan);
    return { victims: plan.victims, cleaned: { freedBytes, isCut: isPageFull && plan.victims.length > 0 } };
  }

  private async plan(
    manager: EntityManager,
    cameraId: string,
    wanted: WantedBytes | undefined,
    change: LimitChange,
  ): Promise<{ plan: Plan; isPageFull: boolean }> {
    const { now, limits, usedBytes } = await this.findFacts(manager, cameraId, change);
    const limited = wanted && { ...wanted, kinds: wanted.kinds.filter((kind) => mayMakeRoom(limits[kind], wanted)) };
    const cutoffs = cutoffsOf(limits, usedBytes, limited, now.getTime());
    const items = await this.keeping.findItems(manager, cameraId, now, cutoffs);
    const pins = await this.keeping.findPins(manager, cameraId, now);
    const plan = planVictims({ items, pins, limits, usedBytes, wanted: limited, nowMs: now.getTime() });
    return { plan, isPageFull: items.length >= ITEMS_AT_ONCE };
  }

  /** What of the camera is old enough to go, whether or not it is held. */
  async findCutoffs(
    manager: EntityManager,
    cameraId: string,
    change: LimitChange,
  ): Promise<{ now: Date; cutoffs: Cutoffs }> {
    const { now, limits, usedBytes } = await this.findFacts(manager, cameraId, change);
    return { now, cutoffs: cutoffsOf(limits, usedBytes, undefined, now.getTime()) };
  }

  private async findFacts(
    manager: EntityManager,
    cameraId: string,
    change: LimitChange,
  ): Promise<{ now: Date; limits: Record<KeptKind, Limits>; usedBytes: Record<KeptKind, number> }> {
    const limits = limitsOfCamera(await this.policies.find(manager, cameraId), cameraId, this.policies.settings);
    return {
      now: this.clock.now(),
      limits: changeLimits(limits, change),
      usedBytes: await this.keeping.findUsed(manager, cameraId),
    };
  }

  /** @returns the bytes that come free */
  private async remove(manager: EntityManager, cameraId: string, { victims }: Plan): Promise<number> {
    const now = this.clock.now();
    let freedBytes = 0;
    for (const cause of ['retention', 'quota', 'disk'] as const) {
      const items = victims.filter((victim) => victim.cause === cause).map(({ item }) => item);
      const ids = items.filter(({ kind }) => kind === 'continuous').map(({ id }) => id);
      if (ids.length > 0) freedBytes += await this.removals.removeSegments(manager, { cameraId, ids, cause, now });
    }
    const playbacks = victims.filter(({ item }) => item.kind !== 'continuous').map(({ item }) => item.id);
    if (playbacks.length === 0) return freedBytes;
    const objects = await this.removals.removePlaybacks(manager, playbacks, now);
    return objects.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, freedBytes);
  }
}

/** For ever means for ever: a disk that fills takes nothing that has no limit. A total is a limit of everything. */
export function mayMakeRoom(limits: Limits, { cause }: Pick<WantedBytes, 'cause'>): boolean {
  return cause === 'quota' || isLimited(limits);
}

/** What must be read for a plan: what is too old, and of a kind that is to free bytes all that may go for them. */
function cutoffsOf(
  limits: Record<KeptKind, Limits>,
  usedBytes: Record<KeptKind, number>,
  wanted: WantedBytes | undefined,
  nowMs: number,
): Cutoffs {
  const cutoffs: Cutoffs = {};
  for (const kind of KEPT_KINDS) {
    const { maxBytes } = limits[kind];
    const isForBytes = wanted?.kinds.includes(kind) === true || (maxBytes > 0 && usedBytes[kind] > maxBytes);
    const cutoff = isForBytes ? floorMs(limits[kind], nowMs) : cutoffMs(limits[kind], nowMs);
    if (cutoff !== null) cutoffs[kind] = { before: new Date(cutoff), isForBytes };
  }
  return cutoffs;
}
