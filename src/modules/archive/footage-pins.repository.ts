import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { FootagePin, type PinReason } from '../../schema/footage.entity.js';
import type { Span } from '../../schema/ledger.js';

/** Footage that is wanted by somebody, and may not go while it is. */
@Injectable()
export class FootagePins {
  /**
   * Keeps a range of a camera until its pin is deleted. Under the camera's lock, which whoever deletes footage of it holds too: what is seen to be there
   * afterwards, in this transaction, stays.
   * @param refId what it is for
   */
  async keep(
    manager: EntityManager,
    cameraId: string,
    { startMs, endMs }: Span,
    { reason, refId }: { reason: PinReason; refId: string },
  ): Promise<void> {
    await lockFootage(manager, cameraId);
    const range = { startAt: new Date(startMs), endAt: new Date(endMs) };
    await manager.insert(FootagePin, { cameraId, ...range, reason, refId });
  }
}

/** One transaction at a time pins footage of a camera, or deletes some; held until it ends. */
async function lockFootage(manager: EntityManager, cameraId: string): Promise<void> {
  await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('hindsight footage ' || $1, 0))`, [cameraId]);
}
