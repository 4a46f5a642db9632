import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { sentenceOf } from '../../common/error-catalogue.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { Metrics } from '../health/index.js';
import { JobQueue } from '../jobs/index.js';
import { PlaybackMedia } from '../../schema/playback-media.entity.js';
import type { Playback } from '../../schema/playback.entity.js';
import { ObjectStore, videoKey } from '../storage/index.js';
import { buildLedger, type Ledger } from '../../schema/ledger.js';
import { LogRetention } from '../retention/index.js';
import { InterruptionRepository, PlaybackStateRepository } from '../catalogue/index.js';
import { UploadRepository } from './upload.repository.js';
import { AssembledFiles } from '../footage/index.js';
import type { FinishedObject } from './finished-object.js';
import { MediaProbe } from './media-probe.process.js';
import { ProcessingRepository } from './processing.repository.js';

const LOST = { code: 'RECORDING.FOOTAGE_LOST' } as const;

/** The last step of a playback: COMPLETED with an object that ffprobe has read in the store, or FAILED for want of footage. */
@Injectable()
export class PlaybackCompleter {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly metrics: Metrics,
    private readonly queue: JobQueue,
    private readonly retention: LogRetention,
    private readonly assembled: AssembledFiles,
    private readonly mediaProbe: MediaProbe,
    private readonly store: ObjectStore,
    private readonly rows: ProcessingRepository,
    private readonly interruptions: InterruptionRepository,
    private readonly uploads: UploadRepository,
    private readonly states: PlaybackStateRepository,
  ) {}

  /** @throws AppError `RECORDING.PROBE_FAILED`, and what the store says */
  async complete(playback: Playback, object: FinishedObject): Promise<void> {
    const key = videoKey(playback.id);
    const { sizeBytes, ranges, gop, stream, ledger, digest, sha256, assembly } = object;
    const read = (range: FinishedObject['ranges'][number]) => this.store.openRead(key, range);
    const { info, durationMs, ...media } = await this.mediaProbe.probe({ sizeBytes, ranges, read }, gop);
    const patch = {
      ...{ ...media, durationMs, durationSec: Math.round(durationMs / 1_000) },
      ...{ ...ledger, assembly, digest, sha256, fileSizeBytes: sizeBytes },
      ...{ objectKey: key, videoUrl: this.videoUrl(playback.id, key) },
      ...{ startedAt: new Date(object.startedAtMs), endedAt: new Date(object.endedAtMs) },
      ...{ localPath: null, retryReason: null, retryAt: null },
      ...{ uploadSafeBytes: sizeBytes, uploadPendingBytes: 0, uploadAtRiskBytes: 0 },
    };
    const done = await this.dataSource.transaction(async (manager) => {
      if (!(await this.states.transition(manager, playback.id, 'COMPLETED', patch))) return false;
      await manager.upsert(PlaybackMedia, { playbackId: playback.id, stream, info }, ['playbackId']);
      await this.uploads.delete(playback.id, manager);
      // One preview at a time: they must not take the place of jobs that somebody waits for.
      const options = { key: `preview:${playback.id}`, line: `previews:${playback.nodeId}` };
      await this.queue.enqueue(manager, 'playback.preview', { playbackId: playback.id }, options);
      return true;
    });
    if (done) this.count(playback, ledger);
    await this.assembled.remove(playback.id);
    this.retention.wake();
    const { storedMs } = ledger;
    this.logger.info('playback completed', { playbackId: playback.id, key, sizeBytes, storedMs, assembly });
  }

  /** @returns whether it was still ours to say so */
  async failWithoutFootage({ id, cameraId, nodeId, rangeStartAt, rangeEndAt }: Playback): Promise<boolean> {
    const range = { startMs: rangeStartAt!.getTime(), endMs: rangeEndAt!.getTime() };
    const ledger = buildLedger(range, [], await this.interruptions.find(cameraId, range));
    return this.dataSource.transaction(async (manager) => {
      if (!(await this.rows.isOursToFinalise(manager, id, nodeId!))) return false;
      return this.states.transition(manager, id, 'FAILED', {
        ...ledger,
        failureCode: LOST.code,
        failureMessage: sentenceOf(LOST),
      });
    });
  }

  /** Signed URLs are never stored: without a public address the API makes one at each read. */
  private videoUrl(playbackId: string, key: string): string | null {
    if (this.store.kind === 'local') return `${this.config.http.publicUrl}/playbacks/${playbackId}/video`;
    return this.store.publicUrl(key);
  }

  private count(playback: Playback, { expectedMs, storedMs, gaps }: Ledger): void {
    this.metrics.expectedSec.inc(expectedMs / 1_000);
    this.metrics.storedSec.inc(storedMs / 1_000);
    const endedAtMs = playback.rangeEndAt?.getTime() ?? this.clock.nowMs();
    this.metrics.finaliseDurationSec.observe(Math.max(0, this.clock.nowMs() - endedAtMs) / 1_000);
    for (const { cause, startAt, endAt } of gaps) {
      this.metrics.gaps.inc({ cause });
      this.metrics.gapSec.inc({ cause }, (Date.parse(endAt) - Date.parse(startAt)) / 1_000);
    }
  }
}
