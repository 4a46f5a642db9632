import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { backoffMs } from '../../common/backoff.js';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { finaliseKey, JobQueue } from '../jobs/index.js';
import { Playback } from '../../schema/playback.entity.js';
import { NodeIdentity } from '../cluster/index.js';
import type { PlaybackUpload } from './playback-upload.js';
import { HopelessFinalises } from './hopeless-finalises.js';
import { KeptFootage } from './kept-footage.js';
import { ProcessingRepository } from './processing.repository.js';

/** A store that is away is asked again for as long as it takes; once it is back, nobody should wait long. */
const RETRY = { firstMs: 1_000, maxMs: 30_000 };

/** `lost`: another recorder has it by now, or nobody; nothing was changed. */
export type FailedAttempt = 'retried' | 'failed' | 'lost';

/** What becomes of a playback that could not be finalised: another attempt, or FAILED with its footage kept. */
@Injectable()
export class FinaliseRetry {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly queue: JobQueue,
    private readonly node: NodeIdentity,
    private readonly rows: ProcessingRepository,
    private readonly hopeless: HopelessFinalises,
    private readonly kept: KeptFootage,
  ) {}

  /**
   * Under the row's lock: a recorder that was cut off, or suspended, does not know that another one finalises it by now.
   * @param upload null: it could not be taken up
   * @param hasProgress more is in the store than after the attempt before: then the pauses begin anew
   */
  async tryAgainOrFail(
    playback: Playback,
    error: unknown,
    { upload, hasProgress }: { upload: PlaybackUpload | null; hasProgress: boolean },
  ): Promise<FailedAttempt> {
    const { id: playbackId } = playback;
    const { code, message: reason } = error instanceof AppError ? error : unmade(error);
    const attempts = hasProgress ? 1 : playback.finaliseAttempts + 1;
    this.logger.warn('finalising failed', { playbackId, attempts, err: error });
    if (hasProgress) this.forget(playbackId);
    const isHopeless = await this.hopeless.add(playbackId, error, code);
    const ledger = isHopeless ? await this.kept.assess(playback, upload) : null;
    const became = await this.dataSource.transaction(async (manager): Promise<FailedAttempt> => {
      if (!(await this.rows.isOursToFinalise(manager, playbackId, this.node.nodeId))) return 'lost';
      if (isHopeless) {
        const why = { code, reason: `${reason} ${whereKept(playback, upload)}` };
        await this.kept.fail(manager, playback, { ...why, attempts, ledger });
        return 'failed';
      }
      const retryAt = new Date(this.clock.nowMs() + backoffMs(attempts, RETRY));
      const patch = { finaliseAttempts: attempts, retryAt, retryReason: reason };
      await manager.update(Playback, { id: playbackId }, patch);
      const options = { key: finaliseKey(playbackId), nodeId: this.node.nodeId, runAt: retryAt };
      await this.queue.enqueue(manager, 'playback.finalise', { playbackId }, options);
      return 'retried';
    });
    if (became !== 'retried') this.forget(playbackId);
    return became;
  }

  /** It came to its end, or on: what failed before does not count any more. */
  forget(playbackId: string): void {
    this.hopeless.forget(playbackId);
  }
}

/** Footage of a machine that is gone may be in the store alone, in the parts that had gone up. */
function whereKept({ kind }: Playback, upload: PlaybackUpload | null): string {
  if (kind === 'export') return 'The footage is in the archive as it was.';
  if (!upload?.isOnlyInStore) return 'The footage is kept on the recorder.';
  return 'The footage is kept: on the recorder, and what only the store has of it, there.';
}

/** Neither the store nor the disk nor FFmpeg said it: our own code could make nothing of the footage. */
function unmade(cause: unknown): AppError {
  return new AppError({ code: 'RECORDING.ASSEMBLY_FAILED', cause });
}
