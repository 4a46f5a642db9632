import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { invalidInput } from '../../common/validation.pipe.js';
import { AppConfig } from '../../config/app-config.js';
import type { Span } from '../../schema/ledger.js';
import {
  finalTargetSec,
  formatPlaylist,
  type LinkQuery,
  MediaLinkSigner,
  planTargetSec,
  type PlaylistSegment,
} from '../media/index.js';
import { FootageStore } from '../storage/index.js';
import { formatPartName, JOINING, planParts, type StreamPart, type StreamRun } from './domain/stream-parts.js';
import { footageElsewhere, noFootage, rangeTooLong } from './footage-errors.js';
import { linkSubject } from './footage-link.js';
import { FootageSource, type PlayableSegment } from './footage-source.service.js';
import { LogFootage } from './log-footage.service.js';
import { TimelineRepository } from './timeline.repository.js';

export interface RangeAsked {
  from: Date;
  /** Left out: live. */
  to?: Date | undefined;
}

export interface FootageLinks {
  playlistUrl: string;
  expiresAt: Date;
  /** Where the playlist ends; null: it goes on. */
  endsAt: Date | null;
}

/** Who asks for a playlist, and by what. */
export interface Viewer {
  /** The same at each request of one viewer for one range. */
  id: string;
  /** What opened it, when it was no token: the addresses in the playlist carry it on. */
  link: LinkQuery | null;
}

/** A playlist as it is to be made. */
interface Wanted extends Span {
  isLive: boolean;
}

/** Behind every address of a playlist that came by a link. */
type Suffix = string;

/** Plays any range of a camera's footage, and goes on to live. */
@Injectable()
export class FootageStream {
  constructor(
    private readonly source: FootageSource,
    private readonly log: LogFootage,
    private readonly timeline: TimelineRepository,
    private readonly store: FootageStore,
    private readonly links: MediaLinkSigner,
    private readonly config: AppConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * A link to watch a range without a token for a while. Without an end it goes on to live if it begins within the live window; else it ends
   * where that window begins, and the next one begins there.
   * @throws AppError `REQUEST.INVALID`, `FOOTAGE.RANGE_TOO_LONG`
   */
  createLinks(cameraId: string, asked: RangeAsked): FootageLinks {
    const { isLive, endMs } = this.wantedOf(asked, this.config.timeline.liveWindowMs);
    const endsAt = isLive ? null : (asked.to ?? new Date(endMs));
    const range = { from: asked.from.toISOString(), ...(endsAt ? { to: endsAt.toISOString() } : {}) };
    const { query, expiresAt } = this.links.signQuery(linkSubject(cameraId, range.from, range.to));
    const address = `${this.config.http.publicUrl}/cameras/${cameraId}/footage/playlist.m3u8`;
    return { playlistUrl: `${address}?${new URLSearchParams(range).toString()}&${query}`, expiresAt, endsAt };
  }

  /** @throws AppError `REQUEST.INVALID`, `FOOTAGE.RANGE_TOO_LONG`, `FOOTAGE.NONE`, `FOOTAGE.ELSEWHERE` */
  async playlist(cameraId: string, asked: RangeAsked, viewer: Viewer): Promise<string> {
    // A playlist that has begun to grow goes on as one for as long again: a player cannot be made to begin anew.
    const wanted = this.wantedOf(asked, 2 * this.config.timeline.liveWindowMs);
    const { isLive } = wanted;
    const found = await this.source.findSegments(cameraId, wanted);
    const unseen = await this.unseenOf(found.pieces);
    if (isLive && (unseen.size > 0 || found.unseen.length > 0)) throw footageElsewhere();
    const seen = found.pieces.filter(({ nodeId }) => nodeId === null || !unseen.has(nodeId));
    const runs = planParts(seen, wanted, isLive ? JOINING.live : JOINING.whole);
    const durationsMs = runs.flatMap(({ parts }) => parts.map(({ part }) => part.endMs - part.startMs));
    const targetSec = isLive ? planTargetSec(durationsMs) : finalTargetSec(durationsMs);
    if (runs.length === 0 || targetSec === null) {
      throw unseen.size > 0 || found.unseen.length > 0 ? footageElsewhere() : noFootage();
    }
    await this.pin(cameraId, runs, viewer);
    const suffix = suffixOf(asked, viewer.link);
    return formatPlaylist({
      ...{ type: isLive ? 'EVENT' : 'VOD', isEnded: !isLive, targetSec },
      runs: await Promise.all(
        runs.map(async ({ captureKey, parts }) => ({
          initUri: `init/${captureKey}.mp4${suffix}`,
          segments: await this.entriesOf(parts, isLive, { suffix, ttlSec: this.links.ttlSecOf(viewer.link) }),
        })),
      ),
    });
  }

  private async entriesOf(
    parts: StreamRun<PlayableSegment>['parts'],
    isLive: boolean,
    { suffix, ttlSec }: { suffix: Suffix; ttlSec: number },
  ): Promise<PlaylistSegment[]> {
    const addresses = new Map<string, string | null>();
    const entries: PlaylistSegment[] = [];
    for (const { part, segment } of parts) {
      const { key } = segment;
      // What was listed must keep its address while the playlist grows, and a signed one is another each time.
      if (key !== null && !isLive && !addresses.has(key)) addresses.set(key, await this.storeUrl(key, ttlSec));
      entries.push(entryOf(part, key === null ? null : (addresses.get(key) ?? null), suffix));
    }
    return entries;
  }

  /** Where players load an object from the store itself; null when the service gives it to them. */
  private async storeUrl(key: string, ttlSec: number): Promise<string | null> {
    if (this.config.storage.hlsProxy) return null;
    return this.store.publicUrl(key) ?? this.store.signedUrl(key, { ttlSec });
  }

  private async unseenOf(pieces: readonly PlayableSegment[]): Promise<Set<string>> {
    const unseen = new Set<string>();
    for (const nodeId of new Set(pieces.flatMap(({ nodeId }) => nodeId ?? []))) {
      if (!(await this.log.canSee(nodeId))) unseen.add(nodeId);
    }
    return unseen;
  }

  private async pin(cameraId: string, runs: readonly StreamRun<PlayableSegment>[], viewer: Viewer): Promise<void> {
    const parts = runs.flatMap((run) => run.parts);
    const [first, last] = [parts[0]!, parts.at(-1)!];
    const range = { startMs: first.segment.startMs, endMs: last.segment.endMs };
    const nowMs = this.clock.nowMs();
    const untilMs = nowMs + this.config.timeline.viewerPinMs;
    await this.timeline.pin({ id: uuidOf(`${cameraId}\n${viewer.id}`), cameraId, range, nowMs, untilMs });
  }

  private wantedOf({ from, to }: RangeAsked, liveWindowMs: number): Wanted {
    const nowMs = this.clock.nowMs();
    const startMs = from.getTime();
    const maxMs = this.config.timeline.maxPlaylistHours * 3_600_000;
    if (startMs >= nowMs) throw invalidInput([{ field: 'from', message: 'from must be in the past' }]);
    if (!to) {
      if (startMs >= nowMs - liveWindowMs) return { startMs, endMs: nowMs, isLive: true };
      return { startMs, endMs: Math.min(nowMs - this.config.timeline.liveWindowMs, startMs + maxMs), isLive: false };
    }
    if (to <= from) throw invalidInput([{ field: 'to', message: 'to must be later than from' }]);
    if (to.getTime() - startMs > maxMs) throw rangeTooLong(`${this.config.timeline.maxPlaylistHours} hours`);
    return { startMs, endMs: Math.min(to.getTime(), nowMs), isLive: false };
  }
}

function entryOf(part: StreamPart, url: string | null, suffix: Suffix): PlaylistSegment {
  const times = { startAtMs: part.startMs, durationMs: part.endMs - part.startMs };
  if (url === null) return { uri: `segment/${formatPartName(part)}.m4s${suffix}`, ...times };
  return { uri: url, byteRange: { offset: part.offset, sizeBytes: part.sizeBytes }, ...times };
}

function suffixOf({ from, to }: RangeAsked, link: LinkQuery | null): Suffix {
  if (link === null) return '';
  const range = { from: from.toISOString(), ...(to ? { to: to.toISOString() } : {}) };
  return `?${new URLSearchParams({ ...range, ...link }).toString()}`;
}

function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
