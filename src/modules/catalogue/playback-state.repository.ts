import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { FootagePin } from '../../schema/footage.entity.js';
import { Playback } from '../../schema/playback.entity.js';
import { isFinal, type RecordingStatus, statesBefore } from '../../schema/playback-state.js';

/** Columns that may change together with the state; the state itself is not among them. */
export type PlaybackPatch = Partial<
  Omit<Playback, 'id' | 'recordingStatus' | 'camera' | 'event' | 'cameraId' | 'eventId' | 'createdAt'>
>;

/** The only writer of `playbacks.recording_status`. */
@Injectable()
export class PlaybackStateRepository {
  /**
   * Moves a playback to `to` by one guarded UPDATE, if its present state and its kind allow that. An export that is over lets go of the
   * footage that was kept for it.
   * @returns false when it does not (somebody else was first, or the row is gone): nothing was changed
   */
  async transition(
    manager: EntityManager,
    id: string,
    to: RecordingStatus,
    patch: PlaybackPatch = {},
  ): Promise<boolean> {
    const result = await manager
      .createQueryBuilder()
      .update(Playback)
      .set({ ...patch, recordingStatus: to })
      .where(
        `id = :id AND recording_status = ANY(CASE WHEN kind = 'export' THEN CAST(:ofExport AS varchar[]) ELSE :from END)`,
        {
          ...{ id, from: statesBefore(to), ofExport: statesBefore(to, 'export') },
        },
      )
      .execute();
    if (result.affected !== 1) return false;
    if (isFinal(to)) await manager.delete(FootagePin, { refId: id, reason: 'export' });
    return true;
  }
}
