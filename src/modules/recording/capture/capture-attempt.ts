import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../../common/errors.js';
import type { AppLogger } from '../../../common/logging.js';
import type { Camera } from '../../camera/camera.entity.js';
import { maskFor } from '../../camera/domain/stream-mask.js';
import { buildStreamUrl } from '../../camera/domain/stream-url.js';
import { describeStream } from '../../camera/rtsp-describe.client.js';
import type { StreamLocator } from '../../camera/stream-locator.service.js';
import { buildCaptureCommand } from '../domain/ffmpeg-args.js';
import type { Arrival } from '../domain/capture-clock.js';
import type { StoredFragment } from '../domain/footage.js';
import { type CaptureFailure, clockJumped, failureOf, stalled, unaskedExit } from '../domain/failure.js';
import { FragmentSplitter, type Mp4Part } from '../domain/mp4/fragment-splitter.js';
import { type ToldJumps, toldStream } from '../domain/told-jumps.js';
import { FfmpegProcess } from './ffmpeg.process.js';
import type { CaptureWriter, FragmentLog, StoredCapture, WrittenFragment } from '../log/fragment-log.store.js';
import type { MediaTools } from './media-tools.process.js';

export interface CaptureLimits {
  connectTimeoutMs: number;
  stallTimeoutMs: number;
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

/** Room for the stream's first key frame: GOPs of up to ten seconds are common. */
const FIRST_FRAGMENT_EXTRA_MS = 10_000;
/** How often the watchdog looks. */
const WATCH_INTERVAL_MS = 500;
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
  /** On the monotonic clock: a wall clock that is set must not look like a stall. */
  private lastFragmentAtMs = performance.now();
  private ffmpeg: FfmpegProcess | null = null;

  constructor(
    private readonly camera: Camera,
    private readonly deps: CaptureDeps,
    private readonly sink: CaptureSink,
    private readonly signal: AbortSignal,
  ) {}

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
    const audio = this.camera.recordAudio ? streams.find(({ kind }) => kind === 'audio') : undefined;
    const command = buildCaptureCommand(
      {
        url: buildStreamUrl(location.url, location.username, location.password),
        videoCodec: streams.find(({ kind }) => kind === 'video')!.codec,
        audioCodec: audio?.codec ?? null,
        audioSampleRate: audio?.sampleRate ?? 8_000,
        ioTimeoutMs: limits.connectTimeoutMs,
        fragmentMs: limits.fragmentMs,
      },
      tools.ffmpeg.capabilities,
    );
    const mask = maskFor(location);
    const ffmpeg = new FfmpegProcess(tools.ffmpeg.path, command, { nodeId: tools.nodeId, mask });
    this.spawnedAtMs = this.deps.nowMs();
    this.sink.onStarted();
    logger.info('capture started', { pid: ffmpeg.pid, args: mask(command.args.join(' ')), streams });
    return ffmpeg;
  }

  private async record(ffmpeg: FfmpegProcess): Promise<CaptureFailure | null> {
    const { limits } = this.deps;
    // What the camera took to say what it sends has had time-outs of its own.
    this.lastFragmentAtMs = performance.now();
    let silentMs = 0;
    const stop = () => {
      silentMs = performance.now() - this.lastFragmentAtMs;
      void ffmpeg.stop(limits.stopTimeoutMs);
    };
    if (this.signal.aborted) stop();
    this.signal.addEventListener('abort', stop, { once: true });
    const done = new AbortController();
    const watchdog = this.watch(ffmpeg, done.signal);
    let jump: CaptureFailure | null = null;
    this.deps.jumps.begin(performance.now());
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
    const stall = await watchdog;
    failure ??= jump ?? stall;
    if (!failure && !this.signal.aborted) failure = unaskedExit(exit, this.gaveFootage);
    if (!failure && this.gaveFootage && silentMs > limits.fragmentMs + LATE_MS) failure = stalled(silentMs);
    await this.close(failure);
    this.deps.logger.info('capture ended', {
      pid: ffmpeg.pid,
      exitCode: exit.code,
      exitSignal: exit.signal,
      asked: this.signal.aborted,
      fragments: this.writer?.capture.fragments.length ?? 0,
      progress: ffmpeg.progress,
      ...(failure ? { failure: failure.message, stderr: exit.stderr.slice(-5) } : {}),
    });
    return failure;
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
    return (this.writer?.capture.fragments.length ?? 0) > 0;
  }

  private async close(failure: CaptureFailure | null): Promise<void> {
    const { writer } = this;
    if (!writer) return;
    const { capture } = writer;
    try {
      this.tell(await writer.close(this.deps.nowMs(), failure?.cause ?? null), capture);
    } catch (error) {
      this.deps.logger.warn('the end of a capture could not be written down', { err: error });
    }
  }

  /**
   * Reads the pipe to its end; awaiting each append makes a slow disk slow FFmpeg down instead of filling memory.
   * @returns what makes the rest useless: times that jump get right again only in a new session
   */
  private async read(ffmpeg: FfmpegProcess): Promise<CaptureFailure | null> {
    const { log, nowMs } = this.deps;
    const splitter = new FragmentSplitter();
    for await (const chunk of ffmpeg.stdout) {
      const arrival = { wallMs: nowMs(), monoMs: performance.now() };
      for (const part of splitter.push(chunk as Buffer)) {
        if (part.kind === 'init') this.writer = await log.openCapture(this.camera.id, part.bytes, arrival.wallMs);
        else if (this.writer) await this.append(this.writer, part, arrival);
        if (this.writer?.jumpMs) return clockJumped(this.writer.jumpMs);
      }
    }
    return null;
  }

  private async append(writer: CaptureWriter, { moof, mdat }: FragmentPart, arrival: Arrival): Promise<void> {
    const { capture } = writer;
    const written = await writer.append(moof, mdat, arrival);
    if (written.length > 0 || writer.isHolding) this.lastFragmentAtMs = performance.now();
    this.tell(written, capture);
  }

  /** @param current the capture that was written to before */
  private tell(written: WrittenFragment[], current: StoredCapture): void {
    for (const { capture, fragment } of written) {
      if (capture !== current) this.sink.onClockSet();
      current = capture;
      this.sink.onFragment(capture, fragment);
    }
  }

  /** Looks at whole fragments, not at the process: a stalled FFmpeg lives on and ignores SIGINT. */
  private async watch(ffmpeg: FfmpegProcess, done: AbortSignal): Promise<CaptureFailure | null> {
    for (;;) {
      const allowedMs = this.deps.limits.stallTimeoutMs + (this.gaveFootage ? 0 : FIRST_FRAGMENT_EXTRA_MS);
      const leftMs = this.lastFragmentAtMs + allowedMs - performance.now();
      if (leftMs <= 0) {
        await ffmpeg.kill();
        return stalled(allowedMs);
      }
      try {
        // The first fragment shortens what is allowed: look again soon.
        await delay(Math.min(leftMs, WATCH_INTERVAL_MS), undefined, { signal: done });
      } catch {
        return null; // FFmpeg has ended by itself
      }
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
