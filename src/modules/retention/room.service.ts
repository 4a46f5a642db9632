import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { KEPT_KINDS, type KeptKind } from '../../schema/kept-kind.js';
import { floorMs } from './domain/plan-victims.js';
import { limitsOfCamera } from './domain/policy.js';
import { shareWanted } from './domain/share-wanted.js';
import { PolicyRepository } from './policy.repository.js';
import { mayMakeRoom, RetentionService } from './retention.service.js';
import { type RoomNeed, RoomNeeds } from './room-needs.js';
import { RoomRepository } from './room.repository.js';

/** Makes room where a total or a disk wants it: the oldest of all cameras goes, kind by kind. */
@Injectable()
export class RoomService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly needs: RoomNeeds,
    private readonly room: RoomRepository,
    private readonly policies: PolicyRepository,
    private readonly retention: RetentionService,
    private readonly clock: Clock,
  ) {}

  /** @returns whether anything went; false also while another process makes room */
  async make(): Promise<boolean> {
    // The lock is held by a transaction that only reads: each camera has a transaction of its own.
    return this.dataSource.transaction(async (manager) => {
      if (!(await this.room.tryLock(manager))) return false;
      let freedBytes = 0;
      for (const need of await this.needs.find(manager)) {
        const freed = await this.free(manager, need);
        freedBytes += freed;
        await this.room.noteShortage(manager, need.place, need.bytes - freed, this.clock.now());
      }
      return freedBytes > 0;
    });
  }

  /** @returns the bytes that come free */
  private async free(manager: EntityManager, need: RoomNeed): Promise<number> {
    let freedBytes = 0;
    for (const kind of KEPT_KINDS) {
      while (need.kinds.includes(kind) && freedBytes < need.bytes) {
        const freed = await this.freeOldest(manager, kind, { ...need, bytes: need.bytes - freedBytes });
        if (freed === 0) break;
        freedBytes += freed;
      }
    }
    return freedBytes;
  }

  private async freeOldest(manager: EntityManager, kind: KeptKind, need: RoomNeed): Promise<number> {
    const floors = await this.findFloors(manager, kind, need);
    const candidates = await this.room.findCandidates(manager, kind, floors, this.clock.now());
    let freedBytes = 0;
    for (const [cameraId, bytes] of shareWanted(candidates, need.bytes)) {
      const wanted = { bytes, cause: need.cause, kinds: [kind] };
      freedBytes += (await this.retention.cleanOnce(cameraId, wanted)).freedBytes;
    }
    return freedBytes;
  }

  /** Of the cameras that may give something of this kind, what ended until when. */
  private async findFloors(manager: EntityManager, kind: KeptKind, need: RoomNeed): Promise<Map<string, Date>> {
    const policies = await this.policies.find(manager);
    const floors = new Map<string, Date>();
    for (const cameraId of await this.room.findCameras(manager, kind)) {
      const limits = limitsOfCamera(policies, cameraId, this.policies.settings)[kind];
      if (mayMakeRoom(limits, need)) floors.set(cameraId, new Date(floorMs(limits, this.clock.nowMs())));
    }
    return floors;
  }
}
