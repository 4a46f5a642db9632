import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { FootagePin, type PinReason } from '../../schema/footage.entity.js';
import type { Span } from '../../schema/ledger.js';

/** Footage that is wanted by somebody, and may not go while it is. */
@Injectable()
export class FootagePins {
  /**
   * Keeps a range of a camera until its pin is deleted. The pin waits for a deletion of the camera that goes on: what is seen to be there
   * afterwards, in this transaction, stays.
   * @param refId what it is for
   */
  async keep(
    manager: EntityManager,
    cameraId: string,
    { startMs, endMs }: Span,
    { reason, refId }: { reason: PinReason; refId: string },
  ): Promise<void> {
    const range = { startAt: new Date(startMs), endAt: new Date(endMs) };
    await manager.insert(FootagePin, { cameraId, ...range, reason, refId });
  }
}
