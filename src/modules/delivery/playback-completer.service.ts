import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AppLogger } from '../../common/logging.js';
import { PlaybackMedia } from '../../schema/playback-media.entity.js';
import { Playback } from '../../schema/playback.entity.js';
import { PlaybackStateRepository } from '../catalogue/index.js';
import { JobQueue, objectDeleteKey } from '../jobs/index.js';
import { videoKey } from '../storage/index.js';
import { DeliveredFootage } from './delivered-footage.js';
import type { FinishedObject } from './finished-object.js';
import { FootageLoss } from './footage-loss.js';
import { StoredVideo } from './stored-video.js';
import { UploadRepository } from './upload.repository.js';

/** The last step of a playback: COMPLETED with an object that ffprobe has read in the store, or FAILED for want of footage. */
@Injectable()
export class PlaybackCompleter {
  constructor(
    private readonly dataSource: DataSource,
    private readonly logger: AppLogger,
    private readonly queue: JobQueue,
    private readonly video: StoredVideo,
    private readonly uploads: UploadRepository,
    private readonly states: PlaybackStateRepository,
    private readonly delivered: DeliveredFootage,
    private readonly loss: FootageLoss,
  ) {}

  /**
   * @param object null: there is no footage of it
   * @throws AppError `RECORDING.PROBE_FAILED`, and what the store says
   */
  async conclude(playback: Playback, object: FinishedObject | null): Promise<void> {
    await (object ? this.complete(playback, object) : this.loss.fail(playback));
  }

  private async complete(playback: Playback, object: FinishedObject): Promise<void> {
    const { sizeBytes, stream, ledger, digest, sha256, assembly } = object;
    const { fields, info } = await this.video.look(playback.id, object);
    const patch = {
      ...fields,
      ...{ ...ledger, assembly, digest, sha256 },
      ...{ startedAt: new Date(object.startedAtMs), endedAt: new Date(object.endedAtMs) },
      ...{ localPath: null, retryReason: null, retryAt: null },
    };
    const done = await this.dataSource.transaction(async (manager) => {
      if (!(await this.states.transition(manager, playback.id, 'COMPLETED', patch))) {
        await this.removeOrphan(manager, playback.id);
        return false;
      }
      await manager.upsert(PlaybackMedia, { playbackId: playback.id, stream, info }, ['playbackId']);
      await this.uploads.finish(manager, playback.id, sizeBytes);
      // One preview at a time: they must not take the place of jobs that somebody waits for.
      const options = { key: `preview:${playback.id}`, line: `previews:${playback.nodeId}` };
      await this.queue.enqueue(manager, 'playback.preview', { playbackId: playback.id }, options);
      return true;
    });
    // The footage of an export was counted when it was recorded.
    if (done && playback.kind !== 'export') this.delivered.count(playback, ledger);
    await this.delivered.letGo(playback.id);
    const { storedMs } = ledger;
    const { objectKey: key } = fields;
    this.logger.info('playback completed', { playbackId: playback.id, key, sizeBytes, storedMs, assembly });
  }

  /** An export that was deleted while its object was completed leaves none behind. */
  private async removeOrphan(manager: EntityManager, playbackId: string): Promise<void> {
    if (await manager.existsBy(Playback, { id: playbackId })) return;
    const key = videoKey(playbackId);
    await this.queue.enqueue(manager, 'object.delete', { key }, { key: objectDeleteKey(key) });
  }
}
