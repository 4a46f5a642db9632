import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { backoffMs } from '../../common/backoff.js';
import { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { NotificationListener } from '../database/notifications.js';
import { Metrics } from '../health/metrics.js';
import { JobQueue } from '../jobs/job-queue.port.js';
import type { Playback } from '../playback/playback.entity.js';
import { ActiveRecording } from './active-recording.js';
import { CameraCapture } from './camera-capture.js';
import { CaptureFactory } from './capture-factory.js';
import { selectFootage } from './domain/footage.js';
import { buildLedger } from './domain/ledger.js';
import { planNextStep } from './domain/recording-plan.js';
import { FragmentLog } from './fragment-log.store.js';
import { LogRetention } from './log-retention.service.js';
import { NodeIdentity } from './node-identity.js';
import { type PlaybackPatch, PlaybackStateRepository } from './playback-state.repository.js';
import { RecordingAdmission } from './recording-admission.js';
import { RecordingRepository } from './recording.repository.js';

/** Frames need this long from the camera to the pipe, also when audio is encoded on the way (measured: up to 0.42 s). */
const END_GRACE_MS = 450;
const DATABASE_RETRY = { firstMs: 200, maxMs: 5_000 };

/**
 * Runs the recordings of this node: opens a capture for each wanted range, closes it when the range has ended, hands the result to the
 * queue. The rows are the truth; a notification only says that it is worth looking at them now.
 */
@Injectable()
export class RecorderService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly active = new Map<string, ActiveRecording>();
  private readonly captures = new Map<string, CameraCapture>();
  private readonly lives = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private timers: NodeJS.Timeout[] = [];
  private reconciling: Promise<void> | null = null;
  private reconcileAgain = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly metrics: Metrics,
    private readonly queue: JobQueue,
    private readonly notifications: NotificationListener,
    private readonly node: NodeIdentity,
    private readonly log: FragmentLog,
    private readonly retention: LogRetention,
    private readonly captureFactory: CaptureFactory,
    private readonly admission: RecordingAdmission,
    private readonly rows: RecordingRepository,
    private readonly states: PlaybackStateRepository,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    for (const playback of await this.rows.findProcessing(this.node.nodeId)) await this.enqueueFinalise(playback.id);
    this.notifications.listen('hindsight_recordings', () => this.reconcile());
    const { reconcileMs, progressMs } = this.config.recording;
    this.timers = [
      setInterval(() => this.reconcile(), reconcileMs),
      setInterval(() => void this.saveProgress(), progressMs),
    ];
    this.reconcile();
  }

  /** Stops capturing; open recordings keep their rows and go on at the next start. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    for (const timer of this.timers) clearInterval(timer);
    await this.reconciling;
    for (const recording of this.active.values()) {
      this.captures.get(recording.cameraId)?.release(recording.playbackId);
      recording.changed();
    }
    await Promise.all([...this.lives]);
    await Promise.all([...this.captures.values()].map((capture) => capture.idle()));
  }

  /** Compares the rows with what runs; calls during a run lead to one more run. */
  private reconcile(): void {
    if (this.stopping.signal.aborted) return;
    this.reconcileAgain = true;
    this.reconciling ??= this.reconcileUntilQuiet().finally(() => (this.reconciling = null));
  }

  private async reconcileUntilQuiet(): Promise<void> {
    while (this.reconcileAgain && !this.stopping.signal.aborted) {
      this.reconcileAgain = false;
      try {
        await this.reconcileOnce();
      } catch (error) {
        this.logger.warn('could not look at the open recordings; trying again', { err: error });
      }
    }
  }

  private async reconcileOnce(): Promise<void> {
    await this.rows.closeOverdue(this.clock.now());
    const open = await this.rows.findOpen(this.node.nodeId);
    const wanted = new Set(open.map(({ id }) => id));
    for (const playback of open) {
      const running = this.active.get(playback.id);
      if (running) this.updateEnd(running, playback);
      else if (this.active.size < this.config.recording.maxConcurrent) await this.open(playback);
    }
    for (const recording of this.active.values()) {
      if (wanted.has(recording.playbackId)) continue;
      recording.abandoned = true; // the row was deleted or finished by somebody else
      recording.changed();
    }
  }

  private updateEnd(recording: ActiveRecording, { rangeEndAt }: Playback): void {
    if (recording.rangeEndMs !== null || !rangeEndAt) return;
    recording.rangeEndMs = rangeEndAt.getTime();
    recording.changed();
  }

  private async open(playback: Playback): Promise<void> {
    const resumed = playback.nodeId === this.node.nodeId;
    if (!(await this.rows.claim(playback.id, this.node.nodeId))) return;
    const recording = new ActiveRecording(playback);
    this.active.set(recording.playbackId, recording);
    if (resumed) await this.resume(recording);
    else await this.noteWaiting(recording);
    const life = this.live(recording)
      .catch((error: unknown) =>
        this.logger.error('a recording broke', { playbackId: recording.playbackId, err: error }),
      )
      .finally(() => {
        this.active.delete(recording.playbackId);
        this.lives.delete(life);
        this.reconcile();
      });
    this.lives.add(life);
  }

  /** A recording that an earlier run of this service began: what it left on disk counts, the time since is a gap. */
  private async resume(recording: ActiveRecording): Promise<void> {
    const nowMs = this.clock.nowMs();
    const range = { startMs: recording.rangeStartMs, endMs: recording.rangeEndMs ?? nowMs };
    const captures = await this.log.readCaptures(recording.cameraId);
    for (const { capture, fragments } of selectFootage(captures, range)) {
      for (const fragment of fragments) this.addFragment(recording, capture.epochMs, fragment);
    }
    const startMs = recording.footageEndMs ?? recording.rangeStartMs;
    if (startMs < range.endMs) {
      const span = { startMs, endMs: range.endMs, cause: 'service_stopped' as const };
      await this.rows.insertInterruption(recording.cameraId, span, 'The recorder was not running.');
    }
    this.logger.info('recording resumed', {
      playbackId: recording.playbackId,
      footageMs: Math.round(recording.durationMs),
    });
  }

  /** What a full recorder let pass is a gap of its own. */
  private async noteWaiting(recording: ActiveRecording): Promise<void> {
    const nowMs = this.clock.nowMs();
    if (nowMs - recording.triggeredAtMs < this.config.recording.reconcileMs) return;
    const span = { startMs: recording.triggeredAtMs, endMs: nowMs, cause: 'waiting_for_slot' as const };
    await this.rows.insertInterruption(recording.cameraId, span, 'All recording slots were taken.');
  }

  private async live(recording: ActiveRecording): Promise<void> {
    const { playbackId, cameraId } = recording;
    recording.lastFailure = this.admission.refusal();
    const capture = recording.lastFailure || this.isOver(recording) ? null : this.demandCapture(recording);
    const { startTimeoutMs, stallTimeoutMs } = this.config.recording;
    const times = { startTimeoutMs, endGraceMs: END_GRACE_MS, tailTimeoutMs: stallTimeoutMs };
    while (!this.stopping.signal.aborted && !recording.abandoned) {
      const nowMs = this.clock.nowMs();
      const next = planNextStep(
        {
          ...recording,
          nowMs,
          hopeless: recording.lastFailure?.permanent ?? false,
          captureRunning: capture?.isRunning ?? false,
        },
        times,
      );
      if (next.step === 'finish') break;
      if (next.step === 'wait') await recording.nextChange(next.untilMs, nowMs);
      else this.release(recording, capture);
    }
    this.release(recording, capture);
    if (this.stopping.signal.aborted || recording.abandoned) return;
    await capture?.idle();
    await this.captureFactory.interruptionsSaved(cameraId);
    await this.finish(recording, capture);
    this.logger.info('recording closed', { playbackId, cameraId, footageMs: Math.round(recording.durationMs) });
  }

  /** Its range ended while nobody ran it, and there is footage: nothing more can be had. */
  private isOver({ rangeEndMs, footageEndMs }: ActiveRecording): boolean {
    return rangeEndMs !== null && footageEndMs !== null && rangeEndMs <= this.clock.nowMs();
  }

  private release(recording: ActiveRecording, capture: CameraCapture | null): void {
    if (recording.released) return;
    recording.released = true;
    capture?.release(recording.playbackId);
  }

  private demandCapture(recording: ActiveRecording): CameraCapture {
    let capture = this.captures.get(recording.cameraId);
    if (!capture) {
      capture = this.captureFactory.create(recording.cameraId, {
        onFragment: (writer, fragment) => {
          for (const each of this.recordingsOf(recording.cameraId))
            this.addFragment(each, writer.capture.epochMs, fragment);
        },
        onFailure: (failure) => {
          for (const each of this.recordingsOf(recording.cameraId)) {
            each.lastFailure = failure;
            each.changed();
          }
        },
        onIdle: () => {
          this.captures.delete(recording.cameraId);
          for (const each of this.recordingsOf(recording.cameraId)) each.changed();
        },
      });
      this.captures.set(recording.cameraId, capture);
    }
    capture.demand(recording.playbackId);
    this.takeWhatIsThere(recording, capture);
    return capture;
  }

  /** A capture that runs already may hold the beginning. */
  private takeWhatIsThere(recording: ActiveRecording, { writer }: CameraCapture): void {
    if (!writer || recording.footageEndMs !== null) return;
    const range = { startMs: recording.rangeStartMs, endMs: recording.rangeEndMs ?? this.clock.nowMs() };
    for (const { fragments } of selectFootage([writer.capture], range)) {
      for (const fragment of fragments) this.addFragment(recording, writer.capture.epochMs, fragment);
    }
  }

  private recordingsOf(cameraId: string): ActiveRecording[] {
    return [...this.active.values()].filter((recording) => recording.cameraId === cameraId);
  }

  private addFragment(
    recording: ActiveRecording,
    epochMs: number,
    fragment: Parameters<ActiveRecording['add']>[0],
  ): void {
    const startMs = epochMs + fragment.startMs;
    const taken = recording.add(fragment, { startMs, endMs: startMs + fragment.durationMs });
    if (taken !== 'first') return;
    recording.lastFailure = null;
    this.metrics.triggerToFirstFragmentSec.observe((this.clock.nowMs() - recording.triggeredAtMs) / 1_000);
    recording.begun = this.persist(() =>
      this.states.transition(this.dataSource.manager, recording.playbackId, 'RECORDING', {
        startedAt: new Date(startMs),
      }),
    );
  }

  private async finish(recording: ActiveRecording, capture: CameraCapture | null): Promise<void> {
    const { playbackId, footageEndMs } = recording;
    await recording.begun;
    if (footageEndMs === null) {
      await this.fail(recording, capture);
      return;
    }
    const patch: PlaybackPatch = {
      endedAt: new Date(footageEndMs),
      rangeEndAt: new Date(recording.rangeEndMs ?? footageEndMs),
    };
    await this.persist(() =>
      this.dataSource.transaction(async (manager) => {
        if (!(await this.states.transition(manager, playbackId, 'PROCESSING', patch))) return;
        await this.queue.enqueue(manager, 'playback.finalise', { playbackId }, this.finaliseOptions(playbackId));
      }),
    );
  }

  private async fail(recording: ActiveRecording, capture: CameraCapture | null): Promise<void> {
    const { playbackId, cameraId, lastFailure } = recording;
    const { startTimeoutMs } = this.config.recording;
    const range = { startMs: recording.rangeStartMs, endMs: recording.rangeEndMs ?? this.clock.nowMs() };
    const current = capture?.currentInterruption() ?? [];
    const known = lastFailure ? [{ ...range, cause: lastFailure.cause }] : current;
    const ledger = buildLedger(
      range,
      [],
      await this.rows.findInterruptions(cameraId, range).then((rows) => rows.concat(known)),
    );
    const patch: PlaybackPatch = {
      ...ledger,
      endReason: 'start_failed',
      rangeEndAt: new Date(range.endMs),
      failureCode: lastFailure?.code ?? 'RECORDING.NO_FOOTAGE',
      failureMessage:
        lastFailure?.message ?? `The camera gave no picture within ${startTimeoutMs / 1_000} s of the trigger.`,
    };
    await this.persist(() => this.states.transition(this.dataSource.manager, playbackId, 'FAILED', patch));
    this.retention.wake();
  }

  private async enqueueFinalise(playbackId: string): Promise<void> {
    const { manager } = this.dataSource;
    await this.queue.enqueue(manager, 'playback.finalise', { playbackId }, this.finaliseOptions(playbackId));
  }

  private finaliseOptions(playbackId: string): { key: string; nodeId: string } {
    return { key: `finalise:${playbackId}`, nodeId: this.node.nodeId };
  }

  private async saveProgress(): Promise<void> {
    const rows = [...this.active.values()]
      .filter(({ frames }) => frames > 0)
      .map((recording) => {
        const progress = this.captures.get(recording.cameraId)?.progress;
        const { playbackId, bytes, durationMs, frames } = recording;
        return {
          playbackId,
          bytes,
          durationMs,
          frames,
          fps: progress?.fps ?? null,
          bitrateKbps: progress?.bitrateKbps ?? null,
        };
      });
    try {
      await this.rows.saveProgress(rows);
    } catch (error) {
      this.logger.warn('progress was not saved', { reason: messageOf(error) }); // the next one carries everything
    }
  }

  /** Footage is on disk; a database that is away only delays what is said about it. */
  private async persist(work: () => Promise<unknown>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await work();
        return;
      } catch (error) {
        if (this.stopping.signal.aborted) throw error;
        this.logger.warn('the database did not take a change of state; trying again', { err: error, attempt });
        await this.clock.sleep(backoffMs(attempt, DATABASE_RETRY), this.stopping.signal);
      }
    }
  }
}
