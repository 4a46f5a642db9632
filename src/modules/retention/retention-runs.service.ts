import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { KEPT_KINDS, type KeptKind } from '../../schema/kept-kind.js';
import type { Victim } from './domain/plan-victims.js';
import { type HeldSum, HeldRepository } from './held.repository.js';
import { type LimitChange, RetentionService } from './retention.service.js';

export interface RunOptions extends LimitChange {
  dryRun?: boolean;
  cameraId?: string;
}

/** What goes of a camera and kind, and what is held. */
export interface RunRow {
  cameraId: string;
  kind: KeptKind;
  objects: number;
  bytes: number;
  oldestAt: string | null;
  heldObjects: number;
  heldBytes: number;
  heldBy: string[];
}

/** Ends the transaction of a dry run. */
class Undone extends Error {}

/** A look at cameras because somebody wants it now. A dry run is the same run, whose transactions are undone: so it cannot say anything else. */
@Injectable()
export class RetentionRuns {
  constructor(
    private readonly dataSource: DataSource,
    private readonly retention: RetentionService,
    private readonly held: HeldRepository,
  ) {}

  async run({ dryRun = false, cameraId, ...change }: RunOptions): Promise<{ dryRun: boolean; cameras: RunRow[] }> {
    const ids = cameraId === undefined ? await this.held.findCameras() : [cameraId];
    const cameras: RunRow[] = [];
    for (const id of ids) cameras.push(...(await this.runOne(id, change, dryRun)));
    return { dryRun, cameras };
  }

  private async runOne(cameraId: string, change: LimitChange, dryRun: boolean): Promise<RunRow[]> {
    let victims: Victim[] = [];
    let held: HeldSum[] = [];
    try {
      await this.dataSource.transaction(async (manager) => {
        held = await this.findHeld(manager, cameraId, change);
        victims = await this.collect(manager, cameraId, change);
        if (dryRun) throw new Undone();
      });
      this.retention.count(victims);
    } catch (error) {
      if (!(error instanceof Undone)) throw error;
    }
    return KEPT_KINDS.flatMap((kind) => rowOf(cameraId, kind, victims, held));
  }

  private async collect(manager: EntityManager, cameraId: string, change: LimitChange): Promise<Victim[]> {
    const all: Victim[] = [];
    for (;;) {
      const { victims, cleaned } = await this.retention.run(manager, cameraId, { change });
      all.push(...victims);
      if (!cleaned.isCut) return all;
    }
  }

  private async findHeld(manager: EntityManager, cameraId: string, change: LimitChange): Promise<HeldSum[]> {
    const { now, cutoffs } = await this.retention.findCutoffs(manager, cameraId, change);
    const { continuous, ...others } = cutoffs;
    const footage = continuous ? await this.held.findFootage(manager, cameraId, now, continuous.before) : [];
    return [...footage, ...(await this.held.findPlaybacks(manager, cameraId, now, others))];
  }
}

function rowOf(cameraId: string, kind: KeptKind, victims: readonly Victim[], held: readonly HeldSum[]): RunRow[] {
  const items = victims.map(({ item }) => item).filter((item) => item.kind === kind);
  const mine = held.filter((sum) => sum.kind === kind);
  if (items.length === 0 && mine.length === 0) return [];
  const oldestMs = items.reduce((oldest, { startMs }) => Math.min(oldest, startMs), Infinity);
  return [
    {
      ...{ cameraId, kind, objects: items.length },
      bytes: items.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0),
      oldestAt: items.length === 0 ? null : new Date(oldestMs).toISOString(),
      heldObjects: mine.reduce((count, { objects }) => count + objects, 0),
      heldBytes: mine.reduce((sum, { bytes }) => sum + bytes, 0),
      heldBy: mine.flatMap(({ reasons }) => reasons),
    },
  ];
}
