import type { StreamId } from '../../schema/stream-id.js';
import { haveEqualTimes } from '../../mp4/equal-times.js';
import { describeFirst } from '../../mp4/parameter-watch.js';
import type { CaptureWriter, WrittenFragment } from '../footage/index.js';
import type { CaptureFailure } from './domain/failure.js';
import { clockJumped, timesAreEqual } from './domain/failure.js';
import type { CaptureDeps } from './capture-deps.js';
import type { AttemptListener } from './capture-listener.js';
import { type ArrivedPart, readParts } from './capture-parts.js';
import type { OpenedStream } from './stream-opening.js';

interface Reading {
  stream: StreamId;
  /** Since when the camera may have been heard, on the clock of arrivals. */
  heardFromMs: number;
  /** A whole fragment has come. */
  onWhole: () => void;
}

/** Writes what one FFmpeg gives to the log, and tells what is there. */
export class CaptureReader {
  writer: CaptureWriter | null = null;
  /** What FFmpeg gave is being written: meanwhile nobody reads. */
  isWriting = false;
  private init: Buffer | null = null;
  private isJumpTold = false;

  constructor(
    private readonly reading: Reading,
    private readonly deps: CaptureDeps,
    private readonly listener: AttemptListener,
  ) {}

  get gaveFootage(): boolean {
    return (this.writer?.writtenCount ?? 0) > 0;
  }

  /**
   * Reads the pipe to its end; awaiting each append makes a slow disk slow FFmpeg down instead of filling memory.
   * @returns what makes the rest useless: times that jump get right again only in a new session
   */
  async read({ ffmpeg, tracks }: OpenedStream): Promise<CaptureFailure | null> {
    for await (const arrived of readParts(ffmpeg, tracks.sound, this.deps.nowMs)) {
      this.isWriting = true;
      try {
        const failure = await this.take(arrived);
        if (failure) return failure;
      } finally {
        this.isWriting = false;
      }
    }
    return null;
  }

  /** FFmpeg says that the camera's times have jumped by hours. */
  tellJump(): void {
    this.isJumpTold = true;
    this.writer?.tellJump();
  }

  async close(failure: CaptureFailure | null): Promise<void> {
    if (!this.writer) return;
    try {
      this.tell(await this.writer.close(this.deps.nowMs(), failure?.cause ?? null));
    } catch (error) {
      this.deps.logger.warn('the end of a capture could not be written down', { err: error });
    }
  }

  private async take({ part, arrival }: ArrivedPart): Promise<CaptureFailure | null> {
    const { log, trials } = this.deps;
    if (part.kind === 'init') this.init = part.bytes;
    if (part.kind === 'init' || !this.init) return null;
    if (!this.writer) {
      if (!trials.stampsArrivals && haveEqualTimes(part.moof, this.init)) return timesAreEqual();
      const { stream, heardFromMs } = this.reading;
      this.writer = await log.openCapture(stream, describeFirst(this.init, part), arrival.wallMs, heardFromMs);
      if (this.isJumpTold) this.writer.tellJump();
    }
    const written = await this.writer.append(part.moof, part.mdat, arrival);
    if (written.length > 0 || this.writer.isHolding) this.reading.onWhole();
    this.tell(written);
    return this.writer.jumpMs ? clockJumped(this.writer.jumpMs) : null;
  }

  private tell(written: WrittenFragment[]): void {
    for (const { capture, fragment, isClockSet } of written) {
      if (isClockSet) this.listener.onClockSet();
      this.listener.onFragment(capture, fragment);
    }
  }
}
