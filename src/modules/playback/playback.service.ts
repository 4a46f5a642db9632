import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { readCursor } from '../../common/page-query.js';
import { invalidInput } from '../../common/validation.pipe.js';
import { isFinal, isOpen } from '../../schema/playback-state.js';
import { PlaybackRows } from '../catalogue/index.js';
import { RecordingService } from '../recording/index.js';
import { PlaybackRemoval } from '../retention/index.js';
import { formatListCursor, parseListCursor } from './domain/list-cursor.js';
import { notRecording, playbackNotFound, stillRecording } from './playback-errors.js';
import type { ListPlaybacksQuery, StopResponse } from './playback.dto.js';
import { type PlaybackFilter, PlaybackRepository, type ShownPlayback } from './playback.repository.js';

export interface PlaybackPage {
  playbacks: ShownPlayback[];
  total: number;
  nextCursor: string | null;
}

/** Lists, gives, stops and deletes playbacks. */
@Injectable()
export class PlaybackService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly playbacks: PlaybackRepository,
    private readonly recordings: RecordingService,
    private readonly rows: PlaybackRows,
    private readonly removal: PlaybackRemoval,
    private readonly clock: Clock,
  ) {}

  async list({ recordingStatus, limit, cursor, ...rest }: ListPlaybacksQuery): Promise<PlaybackPage> {
    const filter: PlaybackFilter = { ...rest, statuses: recordingStatus };
    const { from, to } = filter;
    if (from && to && from > to) throw invalidInput([{ field: 'to', message: 'to must not be before from' }]);
    const after = readCursor(cursor, parseListCursor) ?? undefined;
    // One more than asked for tells whether there is a next page. Counting costs most: it is done once a walk.
    const [found, total] = await Promise.all([
      this.playbacks.findPage(filter, { limit: limit + 1, after }),
      after ? after.total : this.playbacks.count(filter),
    ]);
    const playbacks = found.slice(0, limit);
    const last = found.length > limit ? playbacks.at(-1) : undefined;
    return {
      playbacks,
      total,
      nextCursor: last ? formatListCursor({ at: last.createdAt, id: last.id, total }) : null,
    };
  }

  /** @throws AppError `PLAYBACK.NOT_FOUND` */
  async get(id: string): Promise<ShownPlayback> {
    const playback = await this.playbacks.findById(id);
    if (!playback) throw playbackNotFound(id);
    return playback;
  }

  /**
   * Closes the range now; harmless when it was closed before.
   * @throws AppError `PLAYBACK.NOT_FOUND`, `PLAYBACK.NOT_RECORDING`
   */
  async stop(id: string): Promise<StopResponse> {
    return this.dataSource.transaction(async (manager) => {
      const playback = await this.recordings.end(manager, id, { at: this.clock.now(), reason: 'stopped' });
      if (!playback) throw playbackNotFound(id);
      if (playback.kind === 'export' || !isOpen(playback.recordingStatus)) throw notRecording(playback);
      return { ok: true, playbackId: id, recordingStatus: playback.recordingStatus };
    });
  }

  /**
   * Removes the row, and its objects after it: now, if their store is well.
   * @throws AppError `PLAYBACK.NOT_FOUND`, `PLAYBACK.STILL_RECORDING`, `PLAYBACK.LOCKED`
   */
  async delete(id: string): Promise<void> {
    const { cameraId } = await this.get(id);
    const keys = await this.dataSource.transaction(async (manager) => {
      await this.removal.begin(manager, cameraId);
      const playback = await this.rows.findLocked(manager, id);
      if (!playback) throw playbackNotFound(id);
      // An export is cancelled: whoever makes it finds its row gone.
      if (playback.kind !== 'export' && !isFinal(playback.recordingStatus)) throw stillRecording();
      return this.removal.remove(manager, id);
    });
    await this.removal.finish(keys);
  }
}
