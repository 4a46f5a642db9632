import { performance } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { type StreamId, streamLock } from '../../schema/stream-id.js';
import { StreamMap } from '../../schema/stream-map.js';
import type { LockSession } from '../database/index.js';
import { Metrics } from '../health/index.js';
import { HeldLocks } from './held-locks.js';
import { OwnerSession } from './owner-session.js';
import { RecorderCensus } from './recorder-census.js';
import { nodeLock, RecorderHome, urlOf } from './recorder-home.js';

/** How often it looks whether another recorder has gone, and whether the streams that it waits for are free. */
const BEAT_MS = 500;
/** A lock that is found free may have been taken until a beat ago, as one that is watched: more waiting would only cost footage. */
const FOUND_LATE_MS = BEAT_MS * 1.2;
/** But where little lies between the loss and the takeover, no more of that than this is waited less. */
const FOUND_LATE_SHARE = 0.6;
/**
 * How many takeover delays to wait before the home of another recorder is swept. A sweep destroys footage, while waiting only costs disk.
 * The lock of the home is looked at once in a while only, so several looks must have found it free.
 */
const SWEEP_PATIENCE = 10;

/** A stream that is wanted, and the node that the rows name as its recorder, if any: it may be about to come back for it. */
export interface WantedStream {
  stream: StreamId;
  lastOwner: string | null;
}

/**
 * Which streams this recorder may capture. A stream is owned by a session-level advisory lock: PostgreSQL releases it the moment the
 * owner's connection is gone, so there is no clock to trust.
 *
 * A lost connection may mean a dead owner, or only a cut wire. So the owner stops by itself when it could not come back within
 * `ownershipLossMs`, and others take a stream only after its lock was free for `takeoverDelayMs`, which is longer. A recorder that was
 * alone when it lost the database goes on: nobody can take its streams, and footage must not depend on the database.
 */
@Injectable()
export class Ownership {
  private readonly keeper: OwnerSession;
  private readonly streams = new StreamMap<AbortController>();
  private readonly foreignStreams: HeldLocks;
  private readonly foreignNodes: HeldLocks;
  private readonly foreignHomes: HeldLocks;
  private readonly foundLateMs: number;
  private readonly census = new RecorderCensus(() => performance.now());
  private nodeTenure = new AbortController();
  private beat: NodeJS.Timeout | undefined;
  private changed: () => void = () => undefined;

  constructor(
    dataSource: DataSource,
    config: AppConfig,
    clock: Clock,
    private readonly logger: AppLogger,
    private readonly metrics: Metrics,
    private readonly home: RecorderHome,
  ) {
    const { takeoverDelayMs, lossMs } = config.ownership;
    this.keeper = new OwnerSession(
      { url: urlOf(dataSource), lossMs, clock, logger },
      { reclaim: (session) => this.reclaim(session), late: () => this.giveUp(), regained: () => this.changed() },
    );
    this.foundLateMs = Math.min(FOUND_LATE_MS, (takeoverDelayMs - lossMs) * FOUND_LATE_SHARE);
    this.foreignStreams = new HeldLocks(takeoverDelayMs, () => performance.now());
    this.foreignNodes = new HeldLocks(takeoverDelayMs, () => performance.now());
    this.foreignHomes = new HeldLocks(takeoverDelayMs * SWEEP_PATIENCE, () => performance.now());
  }

  /** Aborted when this process is no longer the only one that may touch this node's rows and disk. */
  get nodeSignal(): AbortSignal {
    return this.nodeTenure.signal;
  }

  /** @param changed called when streams were lost, or could be taken, or another recorder has gone */
  async start(changed: () => void): Promise<void> {
    this.changed = changed;
    const { session } = this.home;
    this.keeper.use(session);
    const { current } = this.keeper;
    if (current) await this.census.join(current).catch((error: unknown) => this.keeper.lost(session, error));
    this.beat = setInterval(() => void this.look(), BEAT_MS);
  }

  owns(stream: StreamId): boolean {
    return this.streams.has(stream);
  }

  get owned(): StreamId[] {
    return this.streams.keys();
  }

  /** Aborted when the stream is not ours any more; at once for one that is not ours. */
  signalOf(stream: StreamId): AbortSignal {
    return this.streams.get(stream)?.signal ?? AbortSignal.abort();
  }

  /**
   * Tries to become the owner of what is wanted and free.
   * @param wanted everything that this recorder would capture now
   * @returns whether it has become the owner of anything
   */
  async claim(wanted: readonly WantedStream[]): Promise<boolean> {
    const missing = wanted.filter(({ stream }) => !this.streams.has(stream));
    const names = missing.map(({ stream }) => streamLock(stream));
    this.foreignStreams.keepOnly(names);
    for (const { stream, lastOwner } of missing) {
      if (lastOwner === null || lastOwner === this.home.node.nodeId) continue;
      this.foreignStreams.suspect(streamLock(stream), this.foundLateMs);
    }
    const free = names.filter((name) => this.foreignStreams.isFree(name));
    for (const name of names) if (!free.includes(name)) this.foreignStreams.watch(name);
    const session = this.keeper.current;
    if (!session || free.length === 0) return false;
    const taken = await session.tryLock(free);
    for (const { stream } of missing) {
      const name = streamLock(stream);
      if (taken.has(name)) this.streams.set(stream, new AbortController());
      else if (free.includes(name)) this.foreignStreams.note(name);
    }
    this.foreignStreams.keepOnly(names.filter((name) => !taken.has(name)));
    return taken.size > 0;
  }

  /** Lets streams go that nothing demands. Their captures must have ended. */
  async release(streams: readonly StreamId[]): Promise<void> {
    const names = streams.filter((stream) => this.streams.delete(stream)).map(streamLock);
    if (names.length > 0) await this.keeper.current?.unlock(names);
  }

  /** Those of the nodes that hold no lock, and have held none for long enough: their rows need somebody else. */
  async findDeadNodes(nodeIds: readonly string[]): Promise<string[]> {
    const names = nodeIds.map(nodeLock);
    this.foreignNodes.keepOnly(names);
    if (names.length === 0) return [];
    const holders = await this.keeper.current?.countHolders(names);
    if (!holders) return [];
    for (const name of names) {
      if (holders.has(name)) this.foreignNodes.note(name);
      else this.foreignNodes.suspect(name);
    }
    return nodeIds.filter((nodeId) => this.foreignNodes.isFree(nodeLock(nodeId)));
  }

  /** Runs `work` while nobody else can become that node; does nothing when it runs, or may only have lost its lock for a while. */
  async withDeadNode(nodeId: string, work: () => Promise<void>): Promise<void> {
    const session = this.keeper.current;
    if (!session) return;
    const name = nodeLock(nodeId);
    if ((await session.countHolders([name])).has(name)) this.foreignHomes.note(name);
    else this.foreignHomes.suspect(name);
    if (!this.foreignHomes.isFree(name) || !(await session.tryLock([name])).has(name)) return;
    try {
      await work();
    } finally {
      await session.unlock([name]);
    }
  }

  /** Another recorder has let its streams go on purpose: there is nothing to wait for. What lies in its home is its own for longer. */
  forgetOthers(): void {
    this.foreignStreams.forget();
    this.foreignNodes.forget();
  }

  /** Everything that this recorder does must end now; its locks stay until `close`. */
  abandonAll(): void {
    for (const tenure of this.streams.values()) tenure.abort();
    this.streams.clear();
    this.nodeTenure.abort();
  }

  /** Lets every lock go. */
  async close(): Promise<void> {
    clearInterval(this.beat);
    await this.keeper.close();
  }

  private async look(): Promise<void> {
    const session = this.keeper.current;
    if (!session) return;
    try {
      const hasGone = await this.census.take(session);
      this.metrics.recorders.set(this.census.others + 1);
      const watched = this.foreignStreams.names;
      const holders = watched.length > 0 ? await session.countHolders(watched) : new Map<string, number>();
      for (const name of watched) if (holders.has(name)) this.foreignStreams.note(name);
      if (hasGone || watched.some((name) => this.foreignStreams.isFree(name))) this.changed();
    } catch (error) {
      this.keeper.lost(session, error);
    }
  }

  private giveUp(): void {
    if (this.census.others === 0) return;
    this.logger.warn('the database is out of reach: another recorder may take the cameras, so captures end here', {
      cameras: this.streams.size,
    });
    this.dropAll();
  }

  private dropAll(): void {
    this.abandonAll();
    this.nodeTenure = new AbortController();
    this.changed();
  }

  private async reclaim(session: LockSession): Promise<boolean> {
    const own = nodeLock(this.home.node.nodeId);
    if (!(await session.tryLock([own])).has(own)) {
      this.logger.warn('another process uses this record folder: waiting until it has gone', { ...this.home.node });
      this.dropAll();
      return false;
    }
    await this.keep(session);
    await this.census.join(session);
    return true;
  }

  /** What we captured meanwhile is ours if its lock is still free; somebody else's if not. */
  private async keep(session: LockSession): Promise<void> {
    const kept = await session.tryLock(this.owned.map(streamLock));
    if (this.census.others > 0) {
      // They were cut off as we were, and may be about to come back for what is theirs.
      this.foreignStreams.noteAll();
      this.foreignNodes.noteAll();
      this.foreignHomes.noteAll();
    }
    for (const [stream, tenure] of this.streams) {
      if (kept.has(streamLock(stream))) continue;
      this.logger.warn('camera lost to another recorder', { cameraId: stream.cameraId });
      this.streams.delete(stream);
      tenure.abort();
    }
  }
}
