import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { backoffMs } from '../../../common/backoff.js';
import { Clock } from '../../../common/clock.js';
import { AppError } from '../../../common/errors.js';
import { AppLogger } from '../../../common/logging.js';
import { AppConfig } from '../../../config/app-config.js';
import { JobQueue } from '../../jobs/job-queue.port.js';
import { Playback } from '../../playback/playback.entity.js';
import { type FinaliseFailure, FinaliseFailures } from '../domain/finalise-failures.js';
import { FragmentLog } from '../log/fragment-log.store.js';
import { NodeIdentity } from '../ownership/node-identity.js';
import { PlaybackStateRepository } from '../playback-state.repository.js';
import { RecordingAdmission } from '../recording-admission.js';

/** A store that is away is asked again for as long as it takes; once it is back, nobody should wait long. */
const RETRY = { firstMs: 1_000, maxMs: 30_000 };
/** Errors of the store that no later attempt can mend, unless somebody mends the store. */
const REFUSALS = new Set(['STORAGE.REJECTED', 'STORAGE.BAD_KEY']);

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
  ) {
    this.failures = new FinaliseFailures(config.upload.refusedSec * 1_000);
  }

  /**
   * @param hasProgress more is in the store than after the attempt before: then the pauses begin anew
   * @returns whether there will be another attempt
   */
  async tryAgainOrFail(playback: Playback, error: unknown, hasProgress: boolean): Promise<boolean> {
    const code = error instanceof AppError ? error.code : 'RECORDING.INTERNAL';
    const reason =
      error instanceof AppError ? error.message : 'Finalising failed inside the service; its log says why.';
    const attempts = hasProgress ? 1 : playback.finaliseAttempts + 1;
    this.logger.warn('finalising failed', { playbackId: playback.id, attempts, err: error });
    if (hasProgress) this.forget(playback.id);
    if (await this.isHopeless(playback.id, kindOf(code))) {
      await this.failAndKeep(playback, { code, reason, attempts });
      return false;
    }
    const retryAt = new Date(this.clock.nowMs() + backoffMs(attempts, RETRY));
    await this.dataSource.transaction(async (manager) => {
      const patch = { finaliseAttempts: attempts, retryAt, retryReason: reason };
      await manager.update(Playback, { id: playback.id }, patch);
      const options = { key: `finalise:${playback.id}`, nodeId: this.node.nodeId, runAt: retryAt };
      await this.queue.enqueue(manager, 'playback.finalise', { playbackId: playback.id }, options);
    });
    return true;
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

  private async failAndKeep(
    playback: Playback,
    { code, reason, attempts }: { code: string; reason: string; attempts: number },
  ): Promise<void> {
    this.forget(playback.id);
    await this.states.transition(this.dataSource.manager, playback.id, 'FAILED', {
      failureCode: code,
      failureMessage: `${reason} The footage is kept on the recorder.`,
      finaliseAttempts: attempts,
      localPath: playback.localPath ?? this.log.cameraDir(playback.cameraId),
      retryAt: null,
      retryReason: null,
    });
  }
}

function kindOf(code: string): FinaliseFailure {
  if (REFUSALS.has(code)) return 'refused';
  return code.startsWith('STORAGE.') || code === 'RECORDING.FOOTAGE_AWAY' ? 'away' : 'unmade';
}
