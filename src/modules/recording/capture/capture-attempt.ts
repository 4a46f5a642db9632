import { performance } from 'node:perf_hooks';
import { AppError } from '../../../common/errors.js';
import type { AppLogger } from '../../../common/logging.js';
import type { Camera } from '../../camera/camera.entity.js';
import { cameraError } from '../../camera/domain/camera-errors.js';
import { maskFor } from '../../camera/domain/stream-mask.js';
import { buildStreamUrl } from '../../camera/domain/stream-url.js';
import { describeStream } from '../../camera/rtsp-describe.client.js';
import type { StreamLocator } from '../../camera/stream-locator.service.js';
import { buildCaptureCommand } from '../domain/ffmpeg-args.js';
import type { Arrival } from '../domain/capture-clock.js';
import type { StoredFragment } from '../domain/footage.js';
import { type CaptureFailure, clockJumped, failureOf, stalled, timesAreEqual, unaskedExit } from '../domain/failure.js';
import type { CameraTrials } from '../domain/camera-trials.js';
import type { LivenessLimits } from '../domain/liveness.js';
import { haveEqualTimes } from '../domain/mp4/equal-times.js';
import type { Mp4Part } from '../domain/mp4/fragment-splitter.js';
import { describeFirst } from '../domain/mp4/parameter-watch.js';
import { type ToldJumps, toldStream } from '../domain/told-jumps.js';
import { chooseTracks, type TrackChoice } from '../domain/track-choice.js';
import { readParts } from './capture-parts.js';
import { CaptureWatch } from './capture-watch.js';
import { type FfmpegExit, FfmpegProcess } from './ffmpeg.process.js';
import type { CaptureWriter, FragmentLog, StoredCapture, WrittenFragment } from '../log/fragment-log.store.js';
import type { MediaTools } from './media-tools.process.js';

export interface CaptureLimits extends LivenessLimits {
  connectTimeoutMs: number;
  stopTimeoutMs: number;
  fragmentMs: number;
  /** The longest pause after a refused login. */
  maxLoginPauseMs: number;
}

export interface CaptureDeps {
  locator: StreamLocator;
  tools: MediaTools;
  log: FragmentLog;
  limits: CaptureLimits;
  logger: AppLogger;
  nowMs: () => number;
  /** Of this camera, for all attempts. */
  jumps: ToldJumps;
  trials: CameraTrials;
  /** Why this node cannot record right now, or null. */
  refusal: () => Promise<CaptureFailure | null>;
}

export interface CaptureSink {
  onStarted(): void;
  /** The wall clock of this machine was set; the next fragment tells the new time. */
  onClockSet(): void;
  onFragment(capture: StoredCapture, fragment: StoredFragment): void;
}

type FragmentPart = Extract<Mp4Part, { kind: 'fragment' }>;

/**
 * FFmpeg's own time-out for a camera that sends nothing, as a share of ours: it ends some five seconds later, having given all that it
 * held. A stalled one does not listen to SIGINT before.
 */
const IO_SHARE = 0.5;
/** How FFmpeg says so before the first picture (libavutil/error.c, the text of `ETIMEDOUT`). */
const TIMED_OUT = /(?:Connection|Operation) timed out/;
/** A fragment that is late by more than this when the stop is asked for tells that the stream had stalled before. */
const LATE_MS = 2_000;

/**
 * One attempt to capture a camera: find its stream, run FFmpeg once, append what it gives to the log.
 * Ends when `signal` aborts or the camera's clock jumps by hours (then FFmpeg got SIGINT and wrote its last fragment), when times jump by
 * less, or when the camera or FFmpeg ends it.
 */
export class CaptureAttempt {
  writer: CaptureWriter | null = null;
  /** When FFmpeg began to run, wall clock. */
  spawnedAtMs: number | null = null;
  private heardFromMs = 0;
  private watch: CaptureWatch | null = null;
  private ffmpeg: FfmpegProcess | null = null;
  private tracks: TrackChoice | null = null;
  /** What FFmpeg gave is being written: meanwhile nobody reads. */
  private isWriting = false;

  constructor(
    private readonly camera: Camera,
    private readonly deps: CaptureDeps,
    private readonly sink: CaptureSink,
    private readonly signal: AbortSignal,
  ) {}

  /** Since when FFmpeg runs, when it hears the camera and has given nothing yet. */
  get heardSinceMs(): number | null {
    return !this.gaveFootage && this.watch?.isHearing ? this.spawnedAtMs : null;
  }

  /** @returns null when it was asked to end, and the stream was well */
  async run(): Promise<CaptureFailure | null> {
    try {
      const refusal = await this.deps.refusal();
      if (refusal) return refusal;
      this.ffmpeg = await this.spawn();
      return this.ffmpeg && (await this.record(this.ffmpeg));
    } catch (error) {
      return this.signal.aborted ? null : failureOf(error);
    }
  }

  /** Ends FFmpeg at once; what it has not written yet is lost. Does nothing before FFmpeg runs: for that there is `signal`. */
  kill(): void {
    void this.ffmpeg?.kill();
  }

  private async spawn(): Promise<FfmpegProcess | null> {
    const { locator, tools, limits, logger } = this.deps;
    if (!tools.ffmpeg) {
      const message = tools.missing ?? 'FFmpeg was not found.';
      throw new AppError({ code: 'RECORDING.FFMPEG_MISSING', kind: 'unavailable', fault: 'caller', message });
    }
    const location = await unlessAborted(locator.locate(this.camera), this.signal);
    if (!location) return null;
    const described = await unlessAborted(
      describeStream(location, { timeoutMs: limits.connectTimeoutMs }),
      this.signal,
    );
    if (!described) return null;
    const { streams } = described;
    const { trials } = this.deps;
    trials.describe(streams);
    const tracks = chooseTracks(streams, this.camera.recordAudio, trials);
    if (!tracks) throw cameraError('CAMERA.NO_VIDEO', 'The stream holds no video that can be recorded.');
    this.tracks = tracks;
    const command = buildCaptureCommand(
      {
        url: buildStreamUrl(location.url, location.username, location.password),
        ...tracks,
        stampArrivals: trials.stampsArrivals,
        looksLonger: trials.isSlowToShow,
        ioTimeoutMs: limits.stallTimeoutMs * IO_SHARE,
        fragmentMs: limits.fragmentMs,
      },
      tools.ffmpeg.capabilities,
    );
    const mask = maskFor(location);
    const ffmpeg = new FfmpegProcess(tools.ffmpeg.path, command, { nodeId: tools.nodeId, mask });
    this.spawnedAtMs = this.deps.nowMs();
    this.heardFromMs = performance.now();
    this.sink.onStarted();
    logger.info('capture started', { pid: ffmpeg.pid, args: mask(command.args.join(' ')), streams });
    return ffmpeg;
  }

  private async record(ffmpeg: FfmpegProcess): Promise<CaptureFailure | null> {
    const { limits, trials, jumps } = this.deps;
    // What the camera took to say what it sends has had time-outs of its own.
    const watch = new CaptureWatch(ffmpeg, this.limits, () => this.isWriting);
    this.watch = watch;
    let silentMs = 0;
    const stop = () => {
      silentMs = watch.silentMs;
      void ffmpeg.stop(limits.stopTimeoutMs);
    };
    if (this.signal.aborted) stop();
    this.signal.addEventListener('abort', stop, { once: true });
    const done = new AbortController();
    const standstill = this.guard(watch, ffmpeg, done.signal);
    let jump: CaptureFailure | null = null;
    jumps.begin(performance.now());
    ffmpeg.onLine = (line) => {
      const stream = toldStream(line);
      if (stream === null) return true;
      jump ??= this.jumped(stream);
      // Not killed: it still has what came before the jump.
      if (jump) void ffmpeg.stop(limits.stopTimeoutMs);
      return false;
    };
    let failure: CaptureFailure | null = null;
    try {
      failure = await this.read(ffmpeg);
    } catch (error) {
      failure = failureOf(error);
    }
    if (failure) await ffmpeg.kill();
    const exit = await ffmpeg.exited;
    done.abort();
    this.signal.removeEventListener('abort', stop);
    failure ??= jump ?? (await standstill);
    if (!failure && !this.signal.aborted) failure = this.unasked(exit, watch);
    if (!failure && this.gaveFootage && silentMs > limits.fragmentMs + LATE_MS) failure = stalled(silentMs);
    if (failure && !this.gaveFootage && this.tracks) {
      const { videoIndex, sound } = this.tracks;
      const attempted = { videoIndex, hadSound: sound !== null, failure, stderr: exit.stderr };
      if (trials.learn(attempted)) failure = { ...failure, triesOtherwise: true };
    }
    await this.close(failure);
    this.deps.logger.info('capture ended', {
      pid: ffmpeg.pid,
      exitCode: exit.code,
      exitSignal: exit.signal,
      asked: this.signal.aborted,
      fragments: this.writer?.writtenCount ?? 0,
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
  private async guard(watch: CaptureWatch, ffmpeg: FfmpegProcess, done: AbortSignal): Promise<CaptureFailure | null> {
    const standstill = await watch.run(done);
    if (standstill) await ffmpeg.stop(this.deps.limits.stopTimeoutMs);
    return standstill;
  }

  /** FFmpeg ends by itself when it hears nothing, and then says nothing. */
  private unasked(exit: FfmpegExit, watch: CaptureWatch): CaptureFailure {
    const heardNothingMs = this.gaveFootage ? watch.silentMs : (watch.pictureAgoMs ?? watch.silentMs);
    const hasTimedOut = exit.stderr.some((line) => TIMED_OUT.test(line)) && !this.gaveFootage;
    if (hasTimedOut) return stalled(watch.silentMs);
    const ioTimeoutMs = this.deps.limits.stallTimeoutMs * IO_SHARE;
    if (exit.signal === null && exit.spawnError === null && heardNothingMs > ioTimeoutMs)
      return stalled(heardNothingMs);
    return unaskedExit(exit, this.gaveFootage);
  }

  /** @returns why the session is useless from now on, or null */
  private jumped(stream: string): CaptureFailure | null {
    if (this.signal.aborted) return null;
    const { jumps, logger } = this.deps;
    const meaning = jumps.tell(stream, performance.now());
    if (meaning === 'goes-on') logger.warn("the camera's clocks do not agree: FFmpeg guesses times", { stream });
    return meaning === 'ends' ? clockJumped(null) : null;
  }

  private get gaveFootage(): boolean {
    return (this.writer?.writtenCount ?? 0) > 0;
  }

  private async close(failure: CaptureFailure | null): Promise<void> {
    const { writer } = this;
    if (!writer) return;
    try {
      this.tell(await writer.close(this.deps.nowMs(), failure?.cause ?? null));
    } catch (error) {
      this.deps.logger.warn('the end of a capture could not be written down', { err: error });
    }
  }

  /**
   * Reads the pipe to its end; awaiting each append makes a slow disk slow FFmpeg down instead of filling memory.
   * @returns what makes the rest useless: times that jump get right again only in a new session
   */
  private async read(ffmpeg: FfmpegProcess): Promise<CaptureFailure | null> {
    const { nowMs, trials } = this.deps;
    let init: Buffer | null = null;
    for await (const { part, arrival } of readParts(ffmpeg, this.tracks?.sound ?? null, nowMs)) {
      this.isWriting = true;
      try {
        if (part.kind === 'init') init = part.bytes;
        else if (init) {
          if (!this.writer && !trials.stampsArrivals && haveEqualTimes(part.moof, init)) return timesAreEqual();
          this.writer ??= await this.openCapture(init, part, arrival);
          await this.append(this.writer, part, arrival);
        }
      } finally {
        this.isWriting = false;
      }
      if (this.writer?.jumpMs) return clockJumped(this.writer.jumpMs);
    }
    return null;
  }

  private openCapture(init: Buffer, first: FragmentPart, { wallMs }: Arrival): Promise<CaptureWriter> {
    return this.deps.log.openCapture(this.camera.id, describeFirst(init, first), wallMs, this.heardFromMs);
  }

  private async append(writer: CaptureWriter, { moof, mdat }: FragmentPart, arrival: Arrival): Promise<void> {
    const written = await writer.append(moof, mdat, arrival);
    if (written.length > 0 || writer.isHolding) this.watch?.noteFragment();
    this.tell(written);
  }

  private tell(written: WrittenFragment[]): void {
    for (const { capture, fragment, isClockSet } of written) {
      if (isClockSet) this.sink.onClockSet();
      this.sink.onFragment(capture, fragment);
    }
  }
}

/** The result of `work`, or null as soon as `signal` aborts; the work then ends on its own, by its own time-out. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let abort = () => {};
  const aborted = new Promise<null>((resolve) => (abort = () => resolve(null)));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return signal.aborted ? (work.catch(() => undefined), null) : await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
