import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { backoffMs } from '../../../common/backoff.js';
import { Clock } from '../../../common/clock.js';
import { AppError } from '../../../common/errors.js';
import { AppLogger } from '../../../common/logging.js';
import { AppConfig } from '../../../config/app-config.js';
import { Metrics } from '../../health/metrics.js';
import { type JobContext, JobHandlers, JobQueue } from '../../jobs/job-queue.port.js';
import { Playback } from '../../playback/playback.entity.js';
import { videoKey } from '../../storage/domain/object-key.js';
import { ObjectStore } from '../../storage/object-store.port.js';
import { AssembledFiles } from './assembled-files.store.js';
import { Assembler } from './assembler.port.js';
import { coveredSpans, findStalls, selectFootage } from '../domain/footage.js';
import { buildLedger, type CausedSpan, type Ledger } from '../domain/ledger.js';
import { footageAway, FootageReader } from '../log/footage-reader.service.js';
import { FragmentLog } from '../log/fragment-log.store.js';
import { LogRetention } from '../log/log-retention.service.js';
import { MediaProbe } from './media-probe.process.js';
import { NodeIdentity } from '../ownership/node-identity.js';
import { Ownership } from '../ownership/ownership.service.js';
import { type PlaybackPatch, PlaybackStateRepository } from '../playback-state.repository.js';
import { RecordingAdmission } from '../recording-admission.js';
import { RecordingRepository } from '../recording.repository.js';

/** A store that is away is asked again for as long as it takes; once it is back, nobody should wait long. */
const RETRY = { firstMs: 1_000, maxMs: 30_000 };
/** Footage that FFmpeg could not assemble this often will not get better. */
const MAX_ASSEMBLY_ATTEMPTS = 5;
/** The local file is not what the row says of it: it is made anew. */
const BAD_FILE = new Set(['STORAGE.SOURCE_MISSING', 'STORAGE.SOURCE_UNREADABLE', 'STORAGE.MISMATCH']);
/** Errors of the store that no later attempt can mend. */
const HOPELESS = new Set(['STORAGE.REJECTED', 'STORAGE.BAD_KEY']);

/** What is known of a playback once its file is assembled and checked. */
interface AssembledFile {
  path: string;
  patch: PlaybackPatch & Ledger & { sha256: string; fileSizeBytes: number };
}

/** The job `playback.finalise`: assemble, probe, upload, verify, COMPLETED; only then local bytes go. Safe to run again at any point. */
@Injectable()
export class FinaliseService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly metrics: Metrics,
    private readonly queue: JobQueue,
    private readonly node: NodeIdentity,
    private readonly ownership: Ownership,
    private readonly footage: FootageReader,
    private readonly log: FragmentLog,
    private readonly retention: LogRetention,
    private readonly assembled: AssembledFiles,
    private readonly assembler: Assembler,
    private readonly mediaProbe: MediaProbe,
    private readonly store: ObjectStore,
    private readonly rows: RecordingRepository,
    private readonly states: PlaybackStateRepository,
    private readonly admission: RecordingAdmission,
    handlers: JobHandlers,
  ) {
    handlers.register(
      'playback.finalise',
      ({ playbackId }, context) => this.finalise(playbackId, context),
      node.nodeId,
    );
  }

  async finalise(playbackId: string, { signal }: JobContext): Promise<void> {
    const playback = await this.rows.findById(playbackId);
    // A job of a former life, when another recorder has taken it over.
    if (playback?.recordingStatus !== 'PROCESSING' || playback.nodeId !== this.node.nodeId) return;
    const alone = AbortSignal.any([signal, this.ownership.nodeSignal]);
    try {
      const file = (await this.findAssembled(playback)) ?? (await this.assemble(playback, alone));
      if (!file) await this.failWithoutFootage(playback);
      else await this.complete(playback, file, alone);
    } catch (error) {
      if (signal.aborted) return; // the next start enqueues it again
      await this.tryAgainOrFail(playback, error);
    }
  }

  /** The file of an earlier attempt, when the upload was what failed. */
  private async findAssembled(playback: Playback): Promise<AssembledFile | null> {
    const { localPath, sha256, fileSizeBytes, expectedMs, storedMs, gaps } = playback;
    if (!localPath || !sha256 || fileSizeBytes === null || expectedMs === null || storedMs === null) return null;
    const there = await access(localPath).then(
      () => true,
      () => false,
    );
    return there ? { path: localPath, patch: { sha256, fileSizeBytes, expectedMs, storedMs, gaps } } : null;
  }

  private async assemble(playback: Playback, signal: AbortSignal): Promise<AssembledFile | null> {
    const range = { startMs: playback.rangeStartAt!.getTime(), endMs: playback.rangeEndAt!.getTime() };
    const { captures, unseen } = await this.footage.read(playback.cameraId, playback.footageNodes);
    if (unseen.length > 0 && this.mayStillCome(playback)) throw footageAway(unseen);
    const takes = selectFootage(captures, range);
    if (takes.length === 0) return null;
    const path = await this.assembled.pathFor(playback.id);
    const { takes: used, assembly } = await this.assembler.assemble(takes, path, signal);
    const left = takes.filter((take) => !used.includes(take));
    const stalls = used.map((take) => findStalls(take));
    const interruptions: CausedSpan[] = [
      ...(await this.rows.findInterruptions(playback.cameraId, range)),
      ...left.map(({ span }) => ({ ...span, cause: 'codec_changed' as const })),
      ...stalls.flat().map((span) => ({ ...span, cause: 'stalled' as const })),
    ];
    const { durationMs, ...media } = await this.mediaProbe.probe(path);
    const patch = {
      ...media,
      assembly,
      durationMs,
      durationSec: Math.round(durationMs / 1_000),
      ...buildLedger(
        range,
        used.flatMap((take, index) => coveredSpans(take, stalls[index] ?? [])),
        interruptions,
      ),
      startedAt: new Date(used[0]!.span.startMs),
      endedAt: new Date(used.at(-1)!.span.endMs),
      localPath: path,
      fileSizeBytes: (await stat(path)).size,
      sha256: await hashFile(path),
    };
    await this.dataSource.manager.update(Playback, { id: playback.id }, patch);
    Object.assign(playback, patch);
    return { path, patch };
  }

  /** A recorder that is away may come back with its part; for ever is too long to wait for it. */
  private mayStillCome({ rangeEndAt }: Playback): boolean {
    return this.clock.nowMs() < rangeEndAt!.getTime() + this.config.recording.footageWaitSec * 1_000;
  }

  private async complete(playback: Playback, { path, patch }: AssembledFile, signal: AbortSignal): Promise<void> {
    const key = videoKey(playback.id);
    await this.store.putFile(key, path, { contentType: 'video/mp4', sha256Hex: patch.sha256, signal });
    await this.verify(key, patch);
    const done = await this.states.transition(this.dataSource.manager, playback.id, 'COMPLETED', {
      objectKey: key,
      videoUrl: this.videoUrl(playback.id, key),
      localPath: null,
      retryReason: null,
      retryAt: null,
    });
    if (done) this.count(playback, patch);
    await this.assembled.remove(playback.id);
    this.retention.wake();
    this.logger.info('playback completed', {
      playbackId: playback.id,
      key,
      sizeBytes: patch.fileSizeBytes,
      storedMs: patch.storedMs,
    });
  }

  /** Invariant 2: what is COMPLETED was seen in the store, of exactly that size. */
  private async verify(key: string, { fileSizeBytes, sha256 }: AssembledFile['patch']): Promise<void> {
    const seen = await this.store.head(key);
    if (seen?.sizeBytes === fileSizeBytes && (seen.sha256Hex === null || seen.sha256Hex === sha256)) return;
    const message = `The store shows ${seen ? `${seen.sizeBytes} bytes` : 'no object'} where ${fileSizeBytes} bytes were uploaded.`;
    throw new AppError({ code: 'STORAGE.MISMATCH', kind: 'upstream', fault: 'destination', message });
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

  private async failWithoutFootage({ id, cameraId, rangeStartAt, rangeEndAt }: Playback): Promise<void> {
    const range = { startMs: rangeStartAt!.getTime(), endMs: rangeEndAt!.getTime() };
    await this.states.transition(this.dataSource.manager, id, 'FAILED', {
      ...buildLedger(range, [], await this.rows.findInterruptions(cameraId, range)),
      failureCode: 'RECORDING.FOOTAGE_LOST',
      failureMessage: 'The footage of this recording is not on this node any more.',
    });
  }

  private async tryAgainOrFail(playback: Playback, error: unknown): Promise<void> {
    const code = error instanceof AppError ? error.code : 'RECORDING.INTERNAL';
    const reason =
      error instanceof AppError ? error.message : 'Finalising failed inside the service; its log says why.';
    const attempts = playback.finaliseAttempts + 1;
    this.logger.warn('finalising failed', { playbackId: playback.id, attempts, err: error });
    if (HOPELESS.has(code) || (await this.isHopelessHere(code, attempts))) {
      await this.failAndKeep(playback, { code, reason, attempts });
      return;
    }
    const retryAt = new Date(this.clock.nowMs() + backoffMs(attempts, RETRY));
    const again = BAD_FILE.has(code) ? { localPath: null, sha256: null } : {};
    await this.dataSource.transaction(async (manager) => {
      const patch = { finaliseAttempts: attempts, retryAt, retryReason: reason, ...again };
      await manager.update(Playback, { id: playback.id }, patch);
      const options = { key: `finalise:${playback.id}`, nodeId: this.node.nodeId, runAt: retryAt };
      await this.queue.enqueue(manager, 'playback.finalise', { playbackId: playback.id }, options);
    });
  }

  /** Assembling fails for good after some attempts; not for want of disk space or FFmpeg, which an operator can mend. */
  private async isHopelessHere(code: string, attempts: number): Promise<boolean> {
    if (code.startsWith('STORAGE.') || code === 'RECORDING.FOOTAGE_AWAY' || attempts < MAX_ASSEMBLY_ATTEMPTS)
      return false;
    return (await this.admission.refusal()) === null;
  }

  private async failAndKeep(
    playback: Playback,
    { code, reason, attempts }: { code: string; reason: string; attempts: number },
  ): Promise<void> {
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

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
