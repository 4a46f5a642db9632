import { backoffMs } from '../../common/backoff.js';
import { AppError } from '../../common/errors.js';
import type { Camera } from '../camera/camera.entity.js';
import { CaptureAttempt, type CaptureDeps, type CaptureSink } from './capture-attempt.js';
import { type CaptureFailure, failureOf } from './domain/failure.js';
import type { StoredFragment } from './domain/footage.js';
import type { CausedSpan, GapCause } from './domain/ledger.js';
import type { StoredCapture } from './fragment-log.store.js';

export interface CaptureListener {
  onFragment(capture: StoredCapture, fragment: StoredFragment): void;
  /** An attempt failed; the next one follows after a pause while somebody still demands the camera. */
  onFailure(failure: CaptureFailure): void;
  /** A stretch without footage is over, or was asked for so far. */
  onInterruption(span: CausedSpan, detail: string): void;
  onStarted(): void;
  onIdle(): void;
}

interface OpenInterruption {
  startMs: number;
  cause: GapCause;
  detail: string;
}

const RETRY = { firstMs: 500, maxMs: 10_000 };

/**
 * The capture of one camera: runs while somebody demands it, one FFmpeg at a time, and starts anew after every loss.
 * What it could not get is told as interruptions.
 */
export class CameraCapture {
  private readonly demands = new Set<string>();
  private stopping = new AbortController();
  private attempt: CaptureAttempt | null = null;
  private running: Promise<void> | null = null;
  private interruption: OpenInterruption | null = null;
  private endPause: (() => void) | null = null;
  private lastFootageMs: number | null = null;
  private camera: Camera | null = null;

  constructor(
    readonly cameraId: string,
    private readonly loadCamera: () => Promise<Camera>,
    private readonly deps: CaptureDeps,
    private readonly listener: CaptureListener,
  ) {}

  /** FFmpeg runs and has begun to give footage. */
  get isLive(): boolean {
    return this.liveCapture !== null;
  }

  /** What the FFmpeg that runs now has given so far. */
  get liveCapture(): StoredCapture | null {
    return this.attempt?.writer?.capture ?? null;
  }

  demand(who: string): void {
    this.demands.add(who);
    this.running ??= this.run();
  }

  /** The last one to go sends SIGINT; `idle` resolves when FFmpeg is gone. */
  release(who: string): void {
    this.demands.delete(who);
    if (this.demands.size > 0) return;
    this.stopping.abort();
    this.hurry();
  }

  /** Does not wait any longer before the next attempt. */
  hurry(): void {
    this.endPause?.();
  }

  /** Resolves when FFmpeg is gone; at once when somebody else still demands the camera. */
  async idle(): Promise<void> {
    while (this.running && this.demands.size === 0) await this.running;
  }

  /** Tells the stretch without footage that lasts until now; it goes on afterwards. */
  flushInterruption(): void {
    const open = this.interruption;
    const nowMs = this.deps.nowMs();
    this.closeInterruption(nowMs);
    if (open) this.interruption = { ...open, startMs: nowMs };
  }

  private async run(): Promise<void> {
    for (let failures = 0; this.demands.size > 0;) {
      this.stopping = new AbortController();
      this.interruption ??= this.starting();
      const failure = await this.runOnce(() => (failures = 0));
      if (!failure) continue;
      failures += 1;
      this.interrupt(failure);
      this.listener.onFailure(failure);
      if (this.demands.size > 0) await this.pause(backoffMs(failures, RETRY));
    }
    this.closeInterruption(this.deps.nowMs());
    this.running = null;
    this.listener.onIdle();
  }

  private async runOnce(recovered: () => void): Promise<CaptureFailure | null> {
    const sink: CaptureSink = {
      onStarted: () => this.listener.onStarted(),
      onFragment: (capture, fragment) => {
        recovered();
        const startMs = capture.epochMs + fragment.startMs;
        this.closeInterruption(startMs);
        this.lastFootageMs = startMs + fragment.durationMs;
        this.listener.onFragment(capture, fragment);
      },
    };
    try {
      this.camera = await this.reloadCamera();
      this.attempt = new CaptureAttempt(this.camera, this.deps, sink, this.stopping.signal);
      return await this.attempt.run();
    } catch (error) {
      return failureOf(error);
    } finally {
      this.attempt = null;
    }
  }

  /** A database that is away must not keep a known camera from being opened again. */
  private async reloadCamera(): Promise<Camera> {
    try {
      return await this.loadCamera();
    } catch (error) {
      if (error instanceof AppError || !this.camera) throw error;
      return this.camera;
    }
  }

  private starting(): OpenInterruption {
    const startMs = this.lastFootageMs ?? this.deps.nowMs();
    return { startMs, cause: 'camera_starting', detail: 'The camera was being opened.' };
  }

  /** After footage, the interruption begins where the footage ends, which the failure only noticed later. */
  private interrupt({ cause, message: detail }: CaptureFailure): void {
    const open = this.interruption;
    const startMs = open?.startMs ?? this.lastFootageMs ?? this.deps.nowMs();
    if (open && open.cause !== 'camera_starting' && open.cause !== cause) {
      this.closeInterruption(this.deps.nowMs());
      this.interruption = { startMs: this.deps.nowMs(), cause, detail };
    } else this.interruption = { startMs, cause, detail };
  }

  private closeInterruption(endMs: number): void {
    const open = this.interruption;
    this.interruption = null;
    if (!open || endMs <= open.startMs) return;
    this.listener.onInterruption({ startMs: open.startMs, endMs, cause: open.cause }, open.detail);
  }

  private async pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.endPause = null;
  }
}
