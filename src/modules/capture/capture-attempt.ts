import { performance } from 'node:perf_hooks';
import type { Camera } from '../../schema/camera.entity.js';
import type { StreamId } from '../../schema/stream-id.js';
import { type CaptureFailure, clockJumped, failureOf, stalled, unaskedExit } from './domain/failure.js';
import type { LivenessLimits } from './domain/liveness.js';
import { toldStream } from './domain/told-jumps.js';
import type { CaptureDeps } from './capture-deps.js';
import type { AttemptListener } from './capture-listener.js';
import { CaptureReader } from './capture-reader.js';
import { CaptureWatch } from './capture-watch.js';
import type { FfmpegExit } from './ffmpeg.process.js';
import { ioTimeoutMs, openStream, type OpenedStream } from './stream-opening.js';

/** How FFmpeg says that it has heard nothing (libavutil/error.c, the text of `ETIMEDOUT`). */
const TIMED_OUT = /(?:Connection|Operation) timed out/;
/** A fragment that is late by more than this when the stop is asked for tells that the stream had stalled before. */
const LATE_MS = 2_000;

/** What runs while an FFmpeg does. */
interface Session extends OpenedStream {
  reader: CaptureReader;
  watch: CaptureWatch;
}

/**
 * One attempt to capture a stream: find it, run FFmpeg once, append what it gives to the log.
 * Ends when `signal` aborts or the camera's clock jumps by hours (then FFmpeg got SIGINT and wrote its last fragment), when times jump by
 * less, or when the camera or FFmpeg ends it.
 */
export class CaptureAttempt {
  /** When FFmpeg began to run, wall clock. */
  spawnedAtMs: number | null = null;
  private session: Session | null = null;

  constructor(
    private readonly stream: StreamId,
    private readonly camera: Camera,
    private readonly deps: CaptureDeps,
    private readonly listener: AttemptListener,
    private readonly signal: AbortSignal,
  ) {}

  /** The capture that is written, once a fragment has come. */
  get writer() {
    return this.session?.reader.writer ?? null;
  }

  /** Since when FFmpeg runs, when it hears the camera and has given nothing yet. */
  get heardSinceMs(): number | null {
    const { session } = this;
    return session && !session.reader.gaveFootage && session.watch.isHearing ? this.spawnedAtMs : null;
  }

  /** FFmpeg has not read yet all that the camera has sent. */
  get isBehind(): boolean {
    return this.session?.ffmpeg.isBehind ?? false;
  }

  /** @returns null when it was asked to end, and the stream was well */
  async run(): Promise<CaptureFailure | null> {
    try {
      const refusal = await this.deps.refusal();
      if (refusal) return refusal;
      const opened = await openStream(this.camera, this.deps, this.signal);
      if (!opened) return null;
      this.session = this.begin(opened);
      return await this.record(this.session);
    } catch (error) {
      return this.signal.aborted ? null : failureOf(error);
    }
  }

  /** Ends FFmpeg at once; what it has not written yet is lost. Does nothing before FFmpeg runs: for that there is `signal`. */
  kill(): void {
    void this.session?.ffmpeg.kill();
  }

  private begin(opened: OpenedStream): Session {
    this.spawnedAtMs = this.deps.nowMs();
    this.listener.onStarted();
    const onWhole = () => watch.noteFragment();
    const reading = { stream: this.stream, heardFromMs: performance.now(), onWhole };
    const reader = new CaptureReader(reading, this.deps, this.listener);
    // What the camera took to say what it sends has had time-outs of its own.
    const watch = new CaptureWatch(opened.ffmpeg, this.limits, () => reader.isWriting);
    return { ...opened, reader, watch };
  }

  private async record(session: Session): Promise<CaptureFailure | null> {
    const { ffmpeg, watch, reader } = session;
    const { limits } = this.deps;
    let silentMs = 0;
    const stop = () => {
      silentMs = watch.silentMs;
      void ffmpeg.stop(limits.stopTimeoutMs);
    };
    if (this.signal.aborted) stop();
    this.signal.addEventListener('abort', stop, { once: true });
    const done = new AbortController();
    const standstill = this.guard(session, done.signal);
    const jump = this.heedJumps(session);
    let failure = await reader.read(session).catch(failureOf);
    if (failure) await ffmpeg.kill();
    const exit = await ffmpeg.exited;
    done.abort();
    this.signal.removeEventListener('abort', stop);
    failure ??= jump() ?? (await standstill);
    if (!failure && !this.signal.aborted) failure = this.unasked(exit, session);
    if (!failure && reader.gaveFootage && silentMs > limits.fragmentMs + LATE_MS) failure = stalled(silentMs);
    if (failure) failure = this.learn(failure, exit, session);
    await reader.close(failure);
    this.deps.logger.info('capture ended', {
      pid: ffmpeg.pid,
      exitCode: exit.code,
      exitSignal: exit.signal,
      asked: this.signal.aborted,
      fragments: reader.writer?.writtenCount ?? 0,
      progress: ffmpeg.progress,
      ...(failure ? { failure: failure.message, stderr: exit.stderr.slice(-5) } : {}),
    });
    return failure;
  }

  /** Another video track is not kept waiting for one that gives nothing. */
  private get limits(): LivenessLimits {
    const { limits, trials } = this.deps;
    return trials.hasOtherVideo ? { ...limits, noPicturesMs: limits.stallTimeoutMs } : limits;
  }

  /** Ends FFmpeg when nothing comes any more: asked to, it still gives what it holds. */
  private async guard({ watch, ffmpeg }: Session, done: AbortSignal): Promise<CaptureFailure | null> {
    const standstill = await watch.run(done);
    if (standstill) await ffmpeg.stop(this.deps.limits.stopTimeoutMs);
    return standstill;
  }

  /**
   * Listens for what FFmpeg says of times that jump by hours.
   * @returns asks why that has ended the session, if it has
   */
  private heedJumps({ ffmpeg, reader }: Session): () => CaptureFailure | null {
    let jump: CaptureFailure | null = null;
    this.deps.jumps.begin(performance.now());
    ffmpeg.onLine = (line) => {
      const stream = toldStream(line);
      if (stream === null) return true;
      jump ??= this.jumped(stream);
      if (jump || this.signal.aborted) reader.tellJump();
      // Not killed: it still has what came before the jump.
      if (jump) void ffmpeg.stop(this.deps.limits.stopTimeoutMs);
      return false;
    };
    return () => jump;
  }

  /** @returns why the session is useless from now on, or null */
  private jumped(stream: string): CaptureFailure | null {
    if (this.signal.aborted) return null;
    const { jumps, logger } = this.deps;
    const meaning = jumps.tell(stream, performance.now());
    if (meaning === 'goes-on') logger.warn("the camera's clocks do not agree: FFmpeg guesses times", { stream });
    return meaning === 'ends' ? clockJumped(null) : null;
  }

  /** FFmpeg ends by itself when it hears nothing. Not every build says so: an old one is known by how long it has given nothing. */
  private unasked(exit: FfmpegExit, { watch, reader: { gaveFootage } }: Session): CaptureFailure {
    const heardNothingMs = gaveFootage ? watch.longestUnheardMs : (watch.pictureAgoMs ?? watch.silentMs);
    const hasTimedOut = exit.stderr.some((line) => TIMED_OUT.test(line));
    if (hasTimedOut) return stalled(gaveFootage ? heardNothingMs : watch.silentMs);
    const isQuietEnd = exit.signal === null && exit.spawnError === null;
    if (isQuietEnd && heardNothingMs > ioTimeoutMs(this.deps.limits)) return stalled(heardNothingMs);
    return unaskedExit(exit, gaveFootage);
  }

  /** What a session without footage tells of the camera's tracks. */
  private learn(failure: CaptureFailure, { stderr }: FfmpegExit, { reader, tracks }: Session): CaptureFailure {
    if (reader.gaveFootage) return failure;
    const { videoIndex, sound } = tracks;
    const isOther = this.deps.trials.learn({ videoIndex, hadSound: sound !== null, failure, stderr });
    return isOther ? { ...failure, triesOtherwise: true } : failure;
  }
}
