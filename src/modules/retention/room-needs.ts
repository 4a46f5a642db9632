import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import type { TombstoneStore } from '../../schema/footage.entity.js';
import { Disks, type FoundDisk } from './disks.store.js';
import { freeDiskTarget } from './domain/free-disk-target.js';
import { KEPT_KINDS, type KeptKind } from './domain/kept-kind.js';
import type { WantedBytes } from './domain/plan-victims.js';
import { RoomRepository } from './room.repository.js';
import { TombstoneRepository } from './tombstone.repository.js';

/** Bytes that must come free somewhere; none or less: all is well there. */
export interface RoomNeed extends WantedBytes {
  place: string;
}

const RECORDINGS = KEPT_KINDS.filter((kind) => kind !== 'continuous');

/** How many bytes must come free: of everything by STORAGE_MAX_BYTES, and of each local disk. */
@Injectable()
export class RoomNeeds {
  constructor(
    private readonly config: AppConfig,
    private readonly disks: Disks,
    private readonly room: RoomRepository,
    private readonly tombstones: TombstoneRepository,
  ) {}

  async find(manager: EntityManager): Promise<RoomNeed[]> {
    const { maxBytes } = this.config.retention;
    const over = maxBytes === 0 ? 0 : (await this.room.countBytes(manager)) - maxBytes;
    const total: RoomNeed = { place: 'total', bytes: over, cause: 'quota', kinds: KEPT_KINDS };
    return [total, ...(await this.ofDisks(manager))];
  }

  /** Stores on one disk have one need. */
  private async ofDisks(manager: EntityManager): Promise<RoomNeed[]> {
    const found = new Map<number, { disk: FoundDisk; stores: TombstoneStore[]; kinds: KeptKind[] }>();
    for (const { dir, store, kinds } of this.localStores()) {
      const disk = await this.disks.find(dir);
      const known = found.get(disk.device) ?? { disk, stores: [], kinds: [] };
      found.set(disk.device, { disk, stores: [...known.stores, store], kinds: [...known.kinds, ...kinds] });
    }
    const needs: RoomNeed[] = [];
    for (const { disk, stores, kinds } of found.values()) {
      // What waits to be deleted is as good as free: it must not cost as much again.
      const soonFree = disk.freeBytes + (await this.tombstones.countBytes(manager, stores));
      needs.push({ place: stores.join('+'), bytes: this.targetOf(disk) - soonFree, cause: 'disk', kinds });
    }
    return needs;
  }

  private targetOf({ totalBytes }: FoundDisk): number {
    const { retention, recording } = this.config;
    return retention.freeDiskTargetBytes ?? freeDiskTarget(totalBytes, recording.minFreeDiskBytes);
  }

  private localStores(): { dir: string; store: TombstoneStore; kinds: KeptKind[] }[] {
    const { footage, storage } = this.config;
    return [
      ...(footage.store === 'local'
        ? [{ dir: footage.dir, store: 'footage' as const, kinds: ['continuous' as const] }]
        : []),
      ...(storage.mode === 'local' ? [{ dir: storage.localDir, store: 'playbacks' as const, kinds: RECORDINGS }] : []),
    ];
  }
}
