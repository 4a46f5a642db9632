import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../../common/errors.js';
import { AppConfig } from '../../../config/app-config.js';
import { ObjectStore, videoObjectKey } from '../../storage/index.js';
import { finalTargetSec, formatPlaylist, openInTurn, type StreamBody } from '../../media/index.js';
import type { StreamIndex } from '../../../schema/stream-index.js';
import { listStoredSegments, type StoredSegment } from '../../footage/index.js';
import { notStreamable, objectMissing, segmentNotFound } from '../playback-errors.js';
import type { Playback } from '../../../schema/playback.entity.js';
import { StreamIndexRepository } from './stream-index.repository.js';

/** Streams a stored video, by byte ranges of the one object. */
@Injectable()
export class StoredStream {
  constructor(
    private readonly indexes: StreamIndexRepository,
    private readonly store: ObjectStore,
    private readonly config: AppConfig,
  ) {}

  /**
   * @param query behind every address of ours in it, empty or from `?` on
   * @param ttlSec how long a signed address of the store may live
   * @throws AppError `PLAYBACK.NOT_STREAMABLE`
   */
  async playlist(playback: Playback, query: string, ttlSec: number): Promise<string> {
    const { runs } = await this.getIndex(playback);
    const videoUri = (await this.storeUrl(playback, ttlSec)) ?? `../video${query}`;
    const listed = runs.map((run) => ({ init: run.init, segments: listStoredSegments(run) }));
    return formatPlaylist({
      type: 'VOD',
      isEnded: true,
      targetSec: finalTargetSec(listed.flatMap(({ segments }) => segments.map(({ durationMs }) => durationMs))),
      runs: listed.map(({ init, segments }) => ({
        initUri: `init/${init}.mp4${query}`,
        segments: segments.map((segment) => this.entryOf(segment, videoUri, query)),
      })),
    });
  }

  /** Where players load the object from the store itself; null when the service gives it to them. */
  async storeUrl(playback: Playback, ttlSec: number): Promise<string | null> {
    if (this.config.storage.hlsProxy) return null;
    const key = videoObjectKey(playback);
    return this.store.publicUrl(key) ?? this.store.signedUrl(key, { ttlSec });
  }

  /**
   * @param name its number, or the capture that a player knows from the time when it was recorded
   * @throws AppError `PLAYBACK.NOT_STREAMABLE`, `PLAYBACK.SEGMENT_NOT_FOUND`
   */
  async init(playback: Playback, name: string): Promise<Buffer> {
    const { inits, runs } = await this.getIndex(playback);
    const ofCapture = runs.find(({ segments }) => segments[0]?.id.startsWith(`${name}-`))?.init;
    const init = inits.find((_init, index) => String(index) === name) ?? inits[ofCapture ?? -1];
    if (init === undefined) throw segmentNotFound();
    return Buffer.from(init, 'base64');
  }

  /** @throws AppError `PLAYBACK.NOT_STREAMABLE`, `PLAYBACK.SEGMENT_NOT_FOUND` */
  async segment(playback: Playback, id: string): Promise<StreamBody> {
    const { runs } = await this.getIndex(playback);
    const segment = runs.flatMap((run) => listStoredSegments(run)).find((each) => each.id === id);
    if (!segment) throw segmentNotFound();
    const key = videoObjectKey(playback);
    const sources = segment.pieces.map(
      ({ offset, sizeBytes }) =>
        () =>
          this.openRange(key, offset, sizeBytes),
    );
    return { sizeBytes: segment.sizeBytes, open: () => openInTurn(sources) };
  }

  /** What lies in several places has no byte range; it is seldom, and goes through the service. */
  private entryOf({ id, pieces, startAtMs, durationMs }: StoredSegment, videoUri: string, query: string) {
    const [piece, ...others] = pieces;
    if (others.length > 0) return { uri: `segment/${id}.m4s${query}`, startAtMs, durationMs };
    return { uri: videoUri, byteRange: piece, startAtMs, durationMs };
  }

  private async openRange(key: string, offset: number, sizeBytes: number): Promise<Readable> {
    try {
      return await this.store.openRead(key, { start: offset, end: offset + sizeBytes - 1 });
    } catch (error) {
      throw error instanceof AppError && error.code === 'STORAGE.NOT_FOUND' ? objectMissing() : error;
    }
  }

  private async getIndex(playback: Playback): Promise<StreamIndex> {
    const index = await this.indexes.findIndex(playback.id);
    if (!index || index.runs.length === 0) throw notStreamable(playback);
    return index;
  }
}
