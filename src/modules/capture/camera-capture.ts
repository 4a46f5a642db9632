import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../common/errors.js';
import type { Camera } from '../../schema/camera.entity.js';
import type { StreamId } from '../../schema/stream-id.js';
import type { CaptureFiles } from '../footage/index.js';
import type { NotedInterruption } from '../catalogue/index.js';
import { CaptureAttempt } from './capture-attempt.js';
import type { CaptureDeps } from './capture-deps.js';
import type { AttemptListener, CaptureObserver } from './capture-listener.js';
import { type CaptureFailure, failureOf } from './domain/failure.js';
import { addSetback, isHopeless, isLoginRefused, planPauseMs, type Setbacks } from './domain/setbacks.js';

type OpenInterruption = Omit<NotedInterruption, 'endMs'>;

/** An interruption that lasts is told this often, so that a service that dies leaves its cause. */
const TELL_MS = 10_000;

/** How often a long pause looks whether the camera's address or password was changed. */
const LOOK_MS = 5_000;
/** How long the next attempt waits for the camera's row when it has one already: it may have a new address. */
const RELOAD_MS = 1_000;

/**
 * The capture of one stream of a camera: runs while somebody demands it, one FFmpeg at a time, and starts anew after every loss.
 * What it could not get is told as interruptions.
 */
export class CameraCapture {
  private readonly demands = new Set<string>();
  private stopping = new AbortController();
  private attempt: CaptureAttempt | null = null;
  private running: Promise<void> | null = null;
  private interruption: OpenInterruption | null = null;
  private telling: NodeJS.Timeout | undefined;
  private pausing = new AbortController();
  private setbacks: Setbacks | null = null;
  private lastFootageMs: number | null = null;
  private camera: Camera | null = null;

  /** Since when somebody has demanded it without a break. */
  readonly sinceMs: number;

  constructor(
    readonly stream: StreamId,
    private readonly loadCamera: () => Promise<Camera>,
    private readonly deps: CaptureDeps,
    private readonly listener: CaptureObserver,
  ) {
    this.sinceMs = deps.nowMs();
  }

  /** FFmpeg runs and has begun to give footage. */
  get isLive(): boolean {
    return this.liveCapture !== null;
  }

  /** What the FFmpeg that runs now has given so far. */
  get liveCapture(): CaptureFiles | null {
    return this.attempt?.writer?.capture ?? null;
  }

  /** Since when an FFmpeg runs that has given nothing yet, or nothing that is known to stand right on the clock; null: none does. */
  get unplacedSinceMs(): number | null {
    return this.attempt?.writer?.isPlaced ? null : (this.attempt?.spawnedAtMs ?? null);
  }

  /** Since when an FFmpeg runs that hears the camera and has given nothing yet; null: none does. */
  get heardSinceMs(): number | null {
    return this.attempt?.heardSinceMs ?? null;
  }

  /** The camera has sent what FFmpeg has not read yet; false also where the system does not tell. A camera that sends nothing leaves nothing to read. */
  get isBehind(): boolean {
    return this.attempt?.isBehind ?? false;
  }

  /** What the last attempt ended with, when it gave no footage and no later one did. */
  get failure(): CaptureFailure | null {
    return this.setbacks?.last ?? null;
  }

  /** The camera gives nothing before somebody changes something; it is tried on nevertheless, for as long as it is demanded. */
  get isHopeless(): boolean {
    return isHopeless(this.setbacks);
  }

  /** The first one starts it; another one does not wait for a camera that was away. */
  demand(who: string): void {
    this.demands.add(who);
    this.hurry();
    this.running ??= this.run();
  }

  /** The last one to go sends SIGINT; `idle` resolves when FFmpeg is gone. */
  release(who: string): void {
    this.demands.delete(who);
    if (this.demands.size > 0) return;
    this.stopping.abort();
    this.wake();
  }

  /** Does not wait any longer before the next attempt, unless that brings on one more refused login. */
  hurry(): void {
    if (!isLoginRefused(this.setbacks)) this.wake();
  }

  /** Opens the camera anew: its address or its password has changed. */
  restart(): void {
    this.setbacks = null;
    this.stopping.abort();
    this.wake();
  }

  /** Ends it for everybody, without waiting for FFmpeg's last fragment. */
  kill(): void {
    this.demands.clear();
    this.stopping.abort();
    this.wake();
    this.attempt?.kill();
  }

  /** Resolves when FFmpeg is gone; at once when somebody else still demands the camera. */
  async idle(): Promise<void> {
    while (this.running && this.demands.size === 0) await this.running;
  }

  /** Tells the stretch without footage that lasts until now, and goes on. */
  flushInterruption(): void {
    this.tellInterruption(this.deps.nowMs());
  }

  private wake(): void {
    this.pausing.abort();
  }

  private async run(): Promise<void> {
    while (this.demands.size > 0) {
      this.stopping = new AbortController();
      this.pausing = new AbortController();
      if (!this.interruption) this.beginInterruption(this.starting());
      const begunAtMs = performance.now();
      const failure = await this.runOnce();
      if (!failure) continue;
      this.setbacks = addSetback(this.setbacks, failure, this.lastFootageMs !== null);
      this.interrupt(failure);
      this.listener.onFailure(failure);
      await this.pause(performance.now() - begunAtMs);
    }
    this.closeInterruption(this.deps.nowMs());
    this.running = null;
    this.setbacks = null;
    this.listener.onIdle();
  }

  private async runOnce(): Promise<CaptureFailure | null> {
    const listener: AttemptListener = {
      onStarted: () => this.listener.onStarted(),
      onClockSet: () => {
        const startMs = this.lastFootageMs ?? this.deps.nowMs();
        if (this.interruption) return;
        this.beginInterruption({ startMs, cause: 'clock_jumped', detail: "The recorder's clock was set." });
      },
      onFragment: (capture, fragment) => {
        this.setbacks = null;
        const startMs = capture.epochMs + fragment.startMs;
        this.closeInterruption(startMs);
        this.lastFootageMs = startMs + fragment.durationMs;
        this.listener.onFragment(capture, fragment);
      },
    };
    try {
      this.camera = await this.reloadCamera();
      this.attempt = new CaptureAttempt(this.stream, this.camera, this.deps, listener, this.stopping.signal);
      return await this.attempt.run();
    } catch (error) {
      return failureOf(error);
    } finally {
      this.attempt = null;
    }
  }

  /** A database that is away, or does not answer, must not keep a known camera from being opened again. */
  private async reloadCamera(): Promise<Camera> {
    const known = this.camera;
    if (!known) return this.loadCamera();
    const answered = new AbortController();
    try {
      return await Promise.race([this.loadCamera(), delay(RELOAD_MS, known, { signal: answered.signal })]);
    } catch (error) {
      if (error instanceof AppError) throw error;
      return known;
    } finally {
      answered.abort();
    }
  }

  private starting(): Omit<OpenInterruption, 'id'> {
    const startMs = this.lastFootageMs ?? this.deps.nowMs();
    return { startMs, cause: 'camera_starting', detail: 'The camera was being opened.' };
  }

  /** After footage, the interruption begins where the footage ends, which the failure only noticed later. */
  private interrupt({ cause, message: detail }: CaptureFailure): void {
    const open = this.interruption;
    const startMs = open?.startMs ?? this.lastFootageMs ?? this.deps.nowMs();
    if (open && open.cause !== 'camera_starting' && open.cause !== cause) {
      this.closeInterruption(this.deps.nowMs());
      this.beginInterruption({ startMs: this.deps.nowMs(), cause, detail });
    } else if (open) this.interruption = { ...open, cause, detail };
    else this.beginInterruption({ startMs, cause, detail });
  }

  private beginInterruption(interruption: Omit<OpenInterruption, 'id'>): void {
    this.interruption = { id: randomUUID(), ...interruption };
    clearInterval(this.telling);
    this.telling = setInterval(() => this.flushInterruption(), TELL_MS);
  }

  private closeInterruption(endMs: number): void {
    this.tellInterruption(endMs);
    this.interruption = null;
    clearInterval(this.telling);
  }

  private tellInterruption(endMs: number): void {
    const open = this.interruption;
    if (open && endMs > open.startMs) this.listener.onInterruption({ ...open, endMs });
  }

  /** Waits until it is time for the next attempt, somebody is in a hurry, nobody wants it, or the camera's row has changed. */
  private async pause(attemptMs: number): Promise<void> {
    const { signal } = this.pausing;
    const { maxLoginPauseMs } = this.deps.limits;
    let leftMs = this.setbacks ? planPauseMs(this.setbacks, { attemptMs, maxLoginPauseMs }) : 0;
    while (leftMs > 0 && this.demands.size > 0 && !signal.aborted) {
      const sliceMs = Math.min(leftMs, LOOK_MS);
      await delay(sliceMs, undefined, { signal }).catch(() => undefined); // rejects only when it is cut short
      leftMs -= sliceMs;
      if (leftMs > 0 && !signal.aborted && (await this.wasChanged())) this.restart();
    }
  }

  private async wasChanged(): Promise<boolean> {
    const before = this.camera?.updatedAt.getTime();
    const now = await this.reloadCamera().catch(() => null); // the next attempt says what is wrong
    return now !== null && now.updatedAt.getTime() !== before;
  }
}
