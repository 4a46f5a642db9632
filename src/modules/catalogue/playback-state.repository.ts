import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Playback } from '../../schema/playback.entity.js';
import { type RecordingStatus, statesBefore } from '../../schema/playback-state.js';

/** Columns that may change together with the state; the state itself is not among them. */
export type PlaybackPatch = Partial<
  Omit<Playback, 'id' | 'recordingStatus' | 'camera' | 'event' | 'cameraId' | 'eventId' | 'createdAt'>
>;

/** The only writer of `playbacks.recording_status`. */
@Injectable()
export class PlaybackStateRepository {
  /**
   * Moves a playback to `to` by one guarded UPDATE, if its present state allows that.
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
      .where('id = :id AND recording_status = ANY(:from)', { id, from: statesBefore(to) })
      .execute();
    return result.affected === 1;
  }
}
