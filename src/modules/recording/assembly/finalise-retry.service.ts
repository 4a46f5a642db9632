import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { backoffMs } from '../../../common/backoff.js';
import { Clock } from '../../../common/clock.js';
import { AppError } from '../../../common/errors.js';
import { AppLogger } from '../../../common/logging.js';
import { JobQueue } from '../../jobs/job-queue.port.js';
import { Playback } from '../../playback/playback.entity.js';
import { FragmentLog } from '../log/fragment-log.store.js';
import { NodeIdentity } from '../ownership/node-identity.js';
import { PlaybackStateRepository } from '../playback-state.repository.js';
import { RecordingAdmission } from '../recording-admission.js';

/** A store that is away is asked again for as long as it takes; once it is back, nobody should wait long. */
const RETRY = { firstMs: 1_000, maxMs: 30_000 };
/** Footage that could not be made into an object this often will not get better. */
const MAX_ASSEMBLY_ATTEMPTS = 5;
/** Errors of the store that no later attempt can mend; it is believed when it says so again. */
const HOPELESS = new Set(['STORAGE.REJECTED', 'STORAGE.BAD_KEY']);
const MAX_REFUSALS = 3;

type Kind = 'away' | 'refused' | 'unmade';

/** What becomes of a playback that could not be finalised: another attempt, or FAILED with its footage kept. */
@Injectable()
export class FinaliseRetry {
  /**
   * Failures that time does not mend, of each playback and kind; a store that is away for however long is none. Known to this life of the
   * recorder alone: after a restart as many are needed again.
   */
  private readonly failures = new Map<string, Record<Kind, number>>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly queue: JobQueue,
    private readonly node: NodeIdentity,
    private readonly log: FragmentLog,
    private readonly states: PlaybackStateRepository,
    private readonly admission: RecordingAdmission,
  ) {}

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
    this.failures.delete(playbackId);
  }

  /** Assembling fails for good after some attempts; not for want of disk space or FFmpeg, which an operator can mend. */
  private async isHopeless(playbackId: string, kind: Kind): Promise<boolean> {
    const counts = this.failures.get(playbackId) ?? { away: 0, refused: 0, unmade: 0 };
    counts[kind] += 1;
    this.failures.set(playbackId, counts);
    if (kind === 'refused') return counts.refused >= MAX_REFUSALS;
    return kind === 'unmade' && counts.unmade >= MAX_ASSEMBLY_ATTEMPTS && (await this.admission.refusal()) === null;
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

function kindOf(code: string): Kind {
  if (HOPELESS.has(code)) return 'refused';
  return code.startsWith('STORAGE.') || code === 'RECORDING.FOOTAGE_AWAY' ? 'away' : 'unmade';
}
