import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import type { TombstoneStore } from '../../schema/footage.entity.js';
import { KEPT_KINDS, type KeptKind } from '../../schema/kept-kind.js';
import { Disks, type FoundDisk } from './disks.store.js';
import { freeDiskTarget } from './domain/free-disk-target.js';
import type { WantedBytes } from './domain/plan-victims.js';
import { RoomRepository } from './room.repository.js';
import { StorePresence } from './store-presence.js';
import { TombstoneRepository } from './tombstone.repository.js';

/** Bytes that must come free somewhere; none or less: all is well there. */
export interface RoomNeed extends WantedBytes {
  place: string;
}

/** A local disk and what is on it. */
export interface UsedDisk {
  place: string;
  disk: FoundDisk;
  /** So much of it should be free. */
  targetBytes: number;
  stores: TombstoneStore[];
  kinds: KeptKind[];
}

const RECORDINGS = KEPT_KINDS.filter((kind) => kind !== 'continuous');

/** How many bytes must come free: of everything by STORAGE_MAX_BYTES, and of each local disk. */
@Injectable()
export class RoomNeeds {
  constructor(
    private readonly config: AppConfig,
    private readonly disks: Disks,
    private readonly presence: StorePresence,
    private readonly room: RoomRepository,
    private readonly tombstones: TombstoneRepository,
  ) {}

  async find(manager: EntityManager): Promise<RoomNeed[]> {
    const { maxBytes } = this.config.retention;
    const over = maxBytes === 0 ? 0 : (await this.room.countBytes(manager)) - maxBytes;
    const total: RoomNeed = { place: 'total', bytes: over, cause: 'quota', kinds: KEPT_KINDS };
    return [total, ...(await this.ofDisks(manager))];
  }

  private async ofDisks(manager: EntityManager): Promise<RoomNeed[]> {
    const needs: RoomNeed[] = [];
    for (const { place, disk, targetBytes, stores, kinds } of await this.findDisks()) {
      // Nothing that is deleted would make room on a disk that is not mounted.
      const there = await Promise.all(stores.map((store) => this.presence.isThere(store)));
      if (there.includes(false)) continue;
      // What waits to be deleted is as good as free: it must not cost as much again.
      const soonFreeBytes = disk.freeBytes + (await this.tombstones.countBytes(manager, stores));
      needs.push({ place, bytes: targetBytes - soonFreeBytes, cause: 'disk', kinds });
    }
    return needs;
  }

  /** The disks of local stores; stores on one disk have one need. */
  async findDisks(): Promise<UsedDisk[]> {
    const found = new Map<number, Pick<UsedDisk, 'disk' | 'stores' | 'kinds'>>();
    for (const { dir, store, kinds } of this.localStores()) {
      const disk = await this.disks.find(dir);
      const known = found.get(disk.device) ?? { disk, stores: [], kinds: [] };
      found.set(disk.device, { disk, stores: [...known.stores, store], kinds: [...known.kinds, ...kinds] });
    }
    return [...found.values()].map((used) => ({
      ...used,
      place: used.stores.join('+'),
      targetBytes: Math.round(this.targetOf(used.disk)),
    }));
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
