import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { streamOf } from '../../schema/playback.entity.js';
import { NodeIdentity, Ownership } from '../cluster/index.js';
import { UploadEngine } from '../delivery/index.js';
import { ActiveRecording } from './active-recording.js';
import { planStarts } from './domain/queue-plan.js';
import type { OpenRecording } from './due-recordings.repository.js';
import { RecordingRepository } from './recording.repository.js';
import { RecordingRunner } from './recording-runner.js';

/** The recordings that run here, within the slots of this recorder. */
@Injectable()
export class RecordingLives {
  private readonly active = new Map<string, ActiveRecording>();
  private readonly lives = new Set<Promise<void>>();
  /** Recordings that had to wait for a slot, here. */
  private readonly queued = new Set<string>();
  private slotFree = (): void => {};

  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly node: NodeIdentity,
    private readonly ownership: Ownership,
    private readonly rows: RecordingRepository,
    private readonly runner: RecordingRunner,
    private readonly uploads: UploadEngine,
  ) {}

  get running(): readonly ActiveRecording[] {
    return [...this.active.values()];
  }

  get hasSlot(): boolean {
    return this.active.size < this.config.recording.maxConcurrent;
  }

  /** @param listener a recording has ended, and another one may begin */
  onSlotFree(listener: () => void): void {
    this.slotFree = listener;
  }

  /** Tells what runs what its row says now. @param open the rows of open recordings, those of our cameras among them */
  follow(open: readonly OpenRecording[]): void {
    const rows = new Map(open.map((playback) => [playback.id, playback]));
    for (const id of this.queued) if (!rows.has(id)) this.queued.delete(id);
    for (const recording of this.active.values()) {
      const row = rows.get(recording.playbackId);
      if (!row)
        recording.abandon(); // the row was deleted or finished by somebody else
      else recording.setRange(row.rangeStartAt?.getTime() ?? recording.rangeStartMs, row.rangeEndAt?.getTime() ?? null);
    }
  }

  /**
   * Starts those of cameras that are ours, as far as there are slots.
   * @param open the rows of open recordings, those of our cameras among them, oldest first
   * @param begun is told of each that begins, before it does
   */
  async start(
    open: readonly OpenRecording[],
    begun: (playback: OpenRecording) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const waiting = open.filter(({ id }) => !this.active.has(id));
    // Without a slot their cameras are not even claimed.
    if (!this.hasSlot) for (const { id } of waiting) this.queued.add(id);
    const ours = waiting.filter((playback) => this.ownership.owns(streamOf(playback)));
    const byId = new Map(ours.map((playback) => [playback.id, playback]));
    const queue = ours.map(({ id, cameraId, kind }) => ({ playbackId: id, cameraId, kind }));
    const starts = planStarts(queue, this.running, this.config.recording.maxConcurrent);
    for (const { id } of ours) if (!starts.includes(id)) this.queued.add(id);
    for (const id of starts) {
      if (signal.aborted) return;
      const playback = byId.get(id)!;
      if (!(await this.rows.claim(id, this.node.nodeId))) continue;
      begun(playback);
      this.begin(playback);
    }
  }

  /** Recordings of cameras that are not ours any more end here; their rows stay. */
  leaveLost(): void {
    for (const recording of this.active.values()) {
      if (!this.ownership.owns(recording.stream)) recording.changed();
    }
  }

  /** Resolves when none of those that run now does any more. */
  async ended(): Promise<void> {
    await Promise.all(this.lives);
  }

  private begin(playback: OpenRecording): void {
    const recording = new ActiveRecording(playback, this.clock.nowMs(), this.node.nodeId);
    recording.waitedForSlot = this.queued.delete(playback.id);
    this.active.set(recording.playbackId, recording);
    this.uploads.open({ ...playback, playbackId: playback.id }, this.ownership.signalOf(recording.stream));
    const life = this.live(recording).finally(() => this.lives.delete(life));
    this.lives.add(life);
  }

  private async live(recording: ActiveRecording): Promise<void> {
    const { playbackId, stream } = recording;
    const signal = this.ownership.signalOf(stream);
    try {
      await this.runner.run(recording, signal);
      this.active.delete(playbackId);
      // What has footage is taken from there by its job.
      if (signal.aborted || recording.isAbandoned || recording.footageEndMs === null) this.uploads.leave(playbackId);
      this.slotFree();
    } catch (error) {
      // Taken up again by the next poll, not at once: what breaks right away must not spin.
      this.active.delete(playbackId);
      this.uploads.leave(playbackId);
      if (!signal.aborted) this.logger.error('a recording broke', { playbackId, err: error });
    }
  }
}
