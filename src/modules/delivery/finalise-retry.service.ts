import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { backoffMs } from '../../common/backoff.js';
import { Clock } from '../../common/clock.js';
import { isDatabaseAway } from '../../common/database-away.js';
import type { ErrorCode } from '../../common/error-catalogue.js';
import { AppError } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { finaliseKey, JobQueue } from '../jobs/index.js';
import { Playback } from '../../schema/playback.entity.js';
import { type FinaliseFailure, FinaliseFailures } from './domain/finalise-failures.js';
import type { Ledger } from '../../schema/ledger.js';
import { FragmentLog } from '../footage/index.js';
import { NodeIdentity } from '../cluster/index.js';
import { PlaybackStateRepository } from '../catalogue/index.js';
import { RecordingAdmission } from '../capture/index.js';
import type { PlaybackUpload } from './playback-upload.js';
import { FootageAssembly } from './footage-assembly.service.js';
import { ProcessingRepository } from './processing.repository.js';

/** A store that is away is asked again for as long as it takes; once it is back, nobody should wait long. */
const RETRY = { firstMs: 1_000, maxMs: 30_000 };
/** Errors of the store that no later attempt can mend, unless somebody mends the store. */
const REFUSALS = new Set<ErrorCode>(['STORAGE.REJECTED', 'STORAGE.BAD_KEY']);

/** `lost`: another recorder has it by now, or nobody; nothing was changed. */
export type FailedAttempt = 'retried' | 'failed' | 'lost';

/** What becomes of a playback that could not be finalised: another attempt, or FAILED with its footage kept. */
@Injectable()
export class FinaliseRetry {
  private readonly failures: FinaliseFailures;

  constructor(
    config: AppConfig,
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly queue: JobQueue,
    private readonly node: NodeIdentity,
    private readonly log: FragmentLog,
    private readonly states: PlaybackStateRepository,
    private readonly admission: RecordingAdmission,
    private readonly rows: ProcessingRepository,
    private readonly footage: FootageAssembly,
  ) {
    this.failures = new FinaliseFailures(config.upload.refusedSec * 1_000);
  }

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
    const isHopeless = await this.isHopeless(playbackId, kindOf(error, code));
    const ledger = isHopeless ? await this.assess(playback, upload) : null;
    const became = await this.dataSource.transaction(async (manager): Promise<FailedAttempt> => {
      if (!(await this.rows.isOursToFinalise(manager, playbackId, this.node.nodeId))) return 'lost';
      if (isHopeless) {
        const why = { code, reason: `${reason} ${whereKept(upload)}` };
        await this.failAndKeep(manager, playback, { ...why, attempts, ledger });
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
    this.failures.forget(playbackId);
  }

  /** Not for want of disk space or FFmpeg, which an operator can mend. */
  private async isHopeless(playbackId: string, failure: FinaliseFailure): Promise<boolean> {
    if (!this.failures.add(playbackId, failure, this.clock.nowMs())) return false;
    return failure !== 'unmade' || (await this.admission.refusal()) === null;
  }

  /** What there is of it, as far as that can be told: whoever looks for it should know what the kept footage covers. */
  private async assess(playback: Playback, upload: PlaybackUpload | null): Promise<Ledger | null> {
    try {
      return await this.footage.assess(playback, upload);
    } catch (error) {
      this.logger.warn('what there is of a recording cannot be told', { playbackId: playback.id, err: error });
      return null;
    }
  }

  private async failAndKeep(
    manager: EntityManager,
    playback: Playback,
    { code, reason, attempts, ledger }: { code: ErrorCode; reason: string; attempts: number; ledger: Ledger | null },
  ): Promise<void> {
    await this.states.transition(manager, playback.id, 'FAILED', {
      ...ledger,
      failureCode: code,
      failureMessage: reason,
      finaliseAttempts: attempts,
      localPath: playback.localPath ?? this.log.cameraDir(playback.cameraId),
      retryAt: null,
      retryReason: null,
    });
  }
}

/** Footage of a machine that is gone may be in the store alone, in the parts that had gone up. */
function whereKept(upload: PlaybackUpload | null): string {
  if (!upload?.isOnlyInStore) return 'The footage is kept on the recorder.';
  return 'The footage is kept: on the recorder, and what only the store has of it, there.';
}

/** Neither the store nor the disk nor FFmpeg said it: our own code could make nothing of the footage. */
function unmade(cause: unknown): AppError {
  return new AppError({ code: 'RECORDING.ASSEMBLY_FAILED', cause });
}

function kindOf(error: unknown, code: ErrorCode): FinaliseFailure {
  if (REFUSALS.has(code)) return 'refused';
  const isAway = code.startsWith('STORAGE.') || code === 'RECORDING.FOOTAGE_AWAY' || isDatabaseAway(error);
  return isAway ? 'away' : 'unmade';
}
