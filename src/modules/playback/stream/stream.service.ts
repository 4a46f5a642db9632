import { Injectable } from '@nestjs/common';
import { AppError } from '../../../common/errors.js';
import { type LinkQuery, MediaLinkSigner, type StreamBody } from '../../media/index.js';
import { playbackNotFound } from '../playback-errors.js';
import type { Playback } from '../../../schema/playback.entity.js';
import { PlaybackRepository } from '../playback.repository.js';
import { LiveStream } from './live-stream.service.js';
import { StoredStream } from './stored-stream.service.js';

export interface StreamLinks {
  playlistUrl: string;
  watchUrl: string;
  expiresAt: Date;
}

/** Streams a playback: out of the log while it is recorded, out of its object afterwards. */
@Injectable()
export class StreamService {
  constructor(
    private readonly playbacks: PlaybackRepository,
    private readonly live: LiveStream,
    private readonly stored: StoredStream,
    private readonly links: MediaLinkSigner,
  ) {}

  /**
   * Links that work without a token for a while, in any state: the page tells what it waits for.
   * @throws AppError `PLAYBACK.NOT_FOUND`
   */
  async createLinks(id: string): Promise<StreamLinks> {
    await this.get(id);
    const { query, expiresAt } = this.links.signQuery(id);
    const address = this.links.addressOf(id);
    return {
      playlistUrl: `${address}/stream/playlist.m3u8?${query}`,
      watchUrl: `${address}/watch?${query}`,
      expiresAt,
    };
  }

  /**
   * @param link what opened it, when it was no token: the addresses in the playlist carry it on
   * @throws AppError `PLAYBACK.NOT_FOUND`, `PLAYBACK.NOT_READY`, `PLAYBACK.NOT_STREAMABLE`, `PLAYBACK.LIVE_ELSEWHERE`
   */
  async playlist(id: string, link: LinkQuery | null): Promise<string> {
    const playback = await this.get(id);
    const query = link === null ? '' : `?${new URLSearchParams({ ...link }).toString()}`;
    if (!isStored(playback)) return this.live.playlist(playback, query);
    return this.stored.playlist(playback, query, this.links.ttlSecOf(link));
  }

  /** @throws AppError `PLAYBACK.NOT_FOUND`, `PLAYBACK.SEGMENT_NOT_FOUND`, `PLAYBACK.NOT_STREAMABLE`, `PLAYBACK.LIVE_ELSEWHERE` */
  async init(id: string, name: string): Promise<Buffer> {
    const playback = await this.get(id);
    if (isStored(playback)) return this.stored.init(playback, name);
    return this.live
      .init(playback, name)
      .catch((error: unknown) => this.whenStoredMeanwhile(id, error, (stored) => this.stored.init(stored, name)));
  }

  /** @throws AppError `PLAYBACK.NOT_FOUND`, `PLAYBACK.SEGMENT_NOT_FOUND`, `PLAYBACK.NOT_STREAMABLE`, `PLAYBACK.LIVE_ELSEWHERE` */
  async segment(id: string, name: string): Promise<StreamBody> {
    const playback = await this.get(id);
    if (isStored(playback)) return this.stored.segment(playback, name);
    const again = (error: unknown) =>
      this.whenStoredMeanwhile(id, error, (stored) => this.stored.segment(stored, name));
    const body = await this.live.segment(playback, name).catch(again);
    return { ...body, open: () => body.open().catch(async (error: unknown) => (await again(error)).open()) };
  }

  /** Footage leaves the log as soon as its object is there, maybe between looking and reading. */
  private async whenStoredMeanwhile<T>(id: string, error: unknown, read: (playback: Playback) => Promise<T>) {
    if (!(error instanceof AppError) || error.kind !== 'not_found') throw error;
    const playback = await this.get(id);
    if (!isStored(playback)) throw error;
    return read(playback);
  }

  private async get(id: string): Promise<Playback> {
    const playback = await this.playbacks.findById(id);
    if (!playback) throw playbackNotFound(id);
    return playback;
  }
}

function isStored({ recordingStatus }: Playback): boolean {
  return recordingStatus === 'COMPLETED';
}
