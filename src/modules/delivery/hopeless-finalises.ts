import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { isDatabaseAway } from '../../common/database-away.js';
import type { ErrorCode } from '../../common/error-catalogue.js';
import { AppConfig } from '../../config/app-config.js';
import { RecordingAdmission } from '../capture/index.js';
import { type FinaliseFailure, FinaliseFailures } from './domain/finalise-failures.js';

/** Errors of the store that no later attempt can mend, unless somebody mends the store. */
const REFUSALS = new Set<ErrorCode>(['STORAGE.REJECTED', 'STORAGE.BAD_KEY']);

/** Footage that is somewhere, and may come. */
const ON_ITS_WAY = new Set<ErrorCode>(['RECORDING.FOOTAGE_AWAY', 'FOOTAGE.COMING']);

/** Tells failures that time may mend from those that it will not. */
@Injectable()
export class HopelessFinalises {
  private readonly failures: FinaliseFailures;

  constructor(
    { upload }: AppConfig,
    private readonly clock: Clock,
    private readonly admission: RecordingAdmission,
  ) {
    this.failures = new FinaliseFailures(upload.refusedSec * 1_000);
  }

  /**
   * Takes a failure into account. None for want of disk space or FFmpeg is hopeless: an operator can mend that.
   * @param code of what it is taken for
   * @returns whether another attempt is in vain
   */
  async add(playbackId: string, error: unknown, code: ErrorCode): Promise<boolean> {
    const failure = kindOf(error, code);
    if (!this.failures.add(playbackId, failure, this.clock.nowMs())) return false;
    return failure !== 'unmade' || (await this.admission.refusal()) === null;
  }

  /** It came to its end, or on: what failed before does not count any more. */
  forget(playbackId: string): void {
    this.failures.forget(playbackId);
  }
}

function kindOf(error: unknown, code: ErrorCode): FinaliseFailure {
  if (REFUSALS.has(code)) return 'refused';
  const isAway = code.startsWith('STORAGE.') || ON_ITS_WAY.has(code) || isDatabaseAway(error);
  return isAway ? 'away' : 'unmade';
}
