import { performance } from 'node:perf_hooks';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { backoffMs } from '../../common/backoff.js';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { FragmentLog, type LoggedCapture, parseSegmentName, spansOf } from '../footage/index.js';
import { BacklogRelief } from './backlog-relief.service.js';
import { isWanted } from './domain/wanted.js';
import { PublishedSegments } from './published-segments.js';
import { SegmentPublicationRepository } from './segment-publication.repository.js';
import { type LoggedSegment, SegmentPublisher } from './segment-publisher.service.js';

/** A segment is closed once a minute a camera: a second is soon enough, and costs a look into memory. */
const LOOK_MS = 1_000;
/** A store that is away is asked again after a second, then ever more slowly. */
const RETRY = { firstMs: 1_000, maxMs: 30_000 };
/** A look ends after this long, done or not: the next one sees what was closed meanwhile, and whether the disk has filled. */
const LOOK_AT_MOST_MS = 20_000;

/** Brings closed segments of a log into the archive, oldest first, as far as somebody wants them there. */
@Injectable()
export class LogArchivist implements OnApplicationBootstrap, BeforeApplicationShutdown {
  /** Since when the oldest segment waits that is wanted, sealed and not in the store; null: none does. */
  waitingSinceMs: number | null = null;
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | null = null;
  private readonly stopping = new AbortController();
  private failures = 0;
  private pausedUntilMs = 0;
  /** What the last look found wanted and not done with. */
  private waiting: LoggedSegment[] = [];

  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly log: FragmentLog,
    private readonly published: PublishedSegments,
    private readonly publications: SegmentPublicationRepository,
    private readonly publisher: SegmentPublisher,
    private readonly relief: BacklogRelief,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.wake(), LOOK_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.working;
  }

  /** Where the footage of a stream begins that its log may not give up yet; null: all of it may go. */
  keptFrom(captures: readonly LoggedCapture[]): number | null {
    const oldest = captures.map((capture) => this.openOf(capture)[0]?.startMs ?? Infinity);
    const keptFromMs = Math.min(...oldest);
    return keptFromMs === Infinity ? null : keptFromMs;
  }

  /** Archives what a log holds. @throws what the store, the database or the disk says */
  async archive(log: FragmentLog): Promise<void> {
    const captures: LoggedCapture[] = [];
    for (const stream of await log.findStreams()) captures.push(...(await log.listCaptures(stream)));
    const captureKeys = captures.map(({ captureId }) => captureId);
    if (log === this.log) this.published.forgetAllBut(captureKeys);
    await this.published.learn(captureKeys);
    const open = captures.flatMap((capture) => this.openOf(capture));
    if (log === this.log) this.waiting = [];
    if (open.length === 0) return;
    const cameraIds = [...new Set(open.map(({ capture }) => capture.cameraId))];
    const sinceMs = Math.min(...open.map(({ startMs }) => startMs));
    const periods = await this.publications.findWanted(cameraIds, sinceMs);
    const isWantedOne = (one: LoggedSegment) =>
      isWanted(
        one,
        periods.filter(({ cameraId }) => cameraId === one.capture.cameraId),
      );
    if (log === this.log) this.noteWaiting(open.filter(isWantedOne));
    await this.publishAll(open, isWantedOne);
  }

  private wake(): void {
    if (this.working || this.stopping.signal.aborted || this.isPaused) return;
    this.working = this.work().finally(() => (this.working = null));
  }

  /** A wall clock that was set back does not make a pause longer. */
  private get isPaused(): boolean {
    const leftMs = this.pausedUntilMs - this.clock.nowMs();
    return leftMs > 0 && leftMs <= 2 * RETRY.maxMs;
  }

  private async work(): Promise<void> {
    try {
      await this.archive(this.log);
      this.failures = 0;
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.failures += 1;
      this.pausedUntilMs = this.clock.nowMs() + backoffMs(this.failures, RETRY);
      this.logger.warn('footage could not be archived; trying again', { err: error });
    }
    this.noteWaiting(this.waiting.filter(({ capture, number }) => number > this.published.of(capture.captureId)));
    if (this.waiting.length === 0) return;
    await this.relief.relieve(this.waiting).catch((err: unknown) => this.logger.warn('the backlog stays', { err }));
  }

  private openOf(capture: LoggedCapture): LoggedSegment[] {
    return closedOf(capture, this.published.of(capture.captureId));
  }

  private noteWaiting(waiting: LoggedSegment[]): void {
    this.waiting = waiting;
    const oldestMs = waiting.reduce((oldest, { endMs }) => Math.min(oldest, endMs), Infinity);
    this.waitingSinceMs = oldestMs === Infinity ? null : oldestMs;
  }

  /** The captures take turns, the one with the oldest segment first; of one capture in order: a segment is done when those before it are. */
  private async publishAll(open: readonly LoggedSegment[], wanted: (one: LoggedSegment) => boolean): Promise<void> {
    const untilMs = performance.now() + LOOK_AT_MOST_MS;
    const turns = groupByCapture(open).sort(([a], [b]) => a!.endMs - b!.endMs);
    const failed: unknown[] = [];
    const serve = async () => {
      for (let queue = turns.shift(); queue; queue = turns.shift()) {
        // One that cannot be stored does not hold up the others.
        const rest = await this.publishNext(queue, wanted, untilMs).catch((error: unknown) => void failed.push(error));
        if (rest && rest.length > 0) turns.push(rest);
      }
    };
    await Promise.all(Array.from({ length: this.config.footage.parallel }, serve));
    if (failed.length > 0) throw failed[0];
  }

  /** @returns what is left of the capture for its next turn; nothing once the look has lasted long enough */
  private async publishNext(
    queue: readonly LoggedSegment[],
    wanted: (one: LoggedSegment) => boolean,
    untilMs: number,
  ): Promise<LoggedSegment[]> {
    for (const [index, one] of queue.entries()) {
      this.stopping.signal.throwIfAborted();
      const isForArchive = wanted(one);
      if (isForArchive && performance.now() >= untilMs) return [];
      if (isForArchive) await this.publisher.publish(one, this.stopping.signal);
      this.published.note(one.capture.captureId, one.number);
      if (isForArchive) return queue.slice(index + 1);
    }
    return [];
  }
}

/**
 * Segments of a capture to which nothing is added any more and that are not done with, in order. Those of earlier versions are no files that
 * a player opens: they stay out.
 */
function closedOf(capture: LoggedCapture, doneUntil: number): LoggedSegment[] {
  const spans = spansOf(capture);
  const closed: LoggedSegment[] = [];
  for (let index = capture.sealed.length - 1; index >= 0; index -= 1) {
    const segment = spans.nameAt(index);
    const number = parseSegmentName(segment) ?? 0;
    if (number <= doneUntil) break;
    const { startMs, endMs, sizeBytes } = spans.at(index);
    if (segment.endsWith('.mp4')) closed.push({ capture, segment, number, startMs, endMs, sizeBytes });
  }
  return closed.reverse();
}

function groupByCapture(open: readonly LoggedSegment[]): LoggedSegment[][] {
  const groups = new Map<string, LoggedSegment[]>();
  for (const one of open) {
    const group = groups.get(one.capture.captureId);
    if (group) group.push(one);
    else groups.set(one.capture.captureId, [one]);
  }
  return [...groups.values()];
}
