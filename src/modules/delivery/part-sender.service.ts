import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { ObjectStore, type PartsTarget, type StoredPart, videoKey } from '../storage/index.js';
import { NodeIdentity } from '../cluster/index.js';
import { persist } from '../database/index.js';
import { PartTurns } from './domain/part-turns.js';
import type { StreamEntry } from './domain/upload-stream.js';
import type { PlaybackUpload } from './playback-upload.js';
import { readStream } from './stream-bytes.store.js';
import { type SentCapture, type SentPart, UploadRepository } from './upload.repository.js';

/** Another recorder has taken the playback over: it goes on with the upload. */
export class UploadLost extends Error {
  override readonly name = 'UploadLost';
}

export interface Sending {
  read: () => Promise<Buffer>;
  signal: AbortSignal;
  /** Ends the wait for a turn, but nothing that has begun. */
  waiting: AbortSignal;
}

/** Sends single parts and writes down that they are there. */
@Injectable()
export class PartSender {
  private readonly turns: PartTurns;

  constructor(
    config: AppConfig,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly node: NodeIdentity,
    private readonly store: ObjectStore,
    private readonly rows: UploadRepository,
  ) {
    this.turns = new PartTurns(config.upload.parallel);
  }

  /**
   * Sends the next full part of the stream.
   * @param waiting ends the wait for a turn, but nothing that has begun
   * @throws UploadLost, what the store or the disk says, and the reason of `signal`
   */
  async sendNext(upload: PlaybackUpload, signal: AbortSignal, waiting = signal): Promise<void> {
    const { sentBytes, partSizeBytes, nextNumber: number } = upload;
    const read = () => readStream(upload.stream, sentBytes, sentBytes + partSizeBytes);
    const part = await this.send(upload, number, { read, signal, waiting });
    await this.save(upload, part, signal);
    upload.sent(part);
  }

  /** Sends a part of which no row is to say anything: another attempt sends it again. */
  async send(upload: PlaybackUpload, number: number, { read, signal, waiting }: Sending): Promise<SentPart> {
    return this.turns.run(
      () => upload.need(),
      async () => {
        const target = await this.begin(upload, signal);
        const bytes = await read();
        const fromMs = this.clock.nowMs();
        upload.onWireSinceMs = fromMs;
        try {
          const stored: StoredPart = await this.store.putPart(target, number, bytes, signal);
          upload.partTookMs = this.clock.nowMs() - fromMs;
          return { ...stored, sha256: createHash('sha256').update(bytes).digest('hex') };
        } finally {
          upload.onWireSinceMs = null;
        }
      },
      waiting,
    );
  }

  private async begin(upload: PlaybackUpload, signal: AbortSignal): Promise<PartsTarget> {
    if (upload.target) return upload.target;
    const { playbackId, partSizeBytes } = upload;
    const target = await this.store.beginParts(videoKey(playbackId), {
      contentType: 'video/mp4',
      partSizeBytes,
      signal,
    });
    const isOurs = await this.persist(() => this.rows.insert(playbackId, this.node.nodeId, target), signal);
    if (!isOurs) {
      await this.store.abortParts(target);
      throw new UploadLost(`the upload of ${playbackId} is somebody else's`);
    }
    this.logger.info('upload begun', { playbackId, uploadId: target.uploadId });
    return (upload.target = target);
  }

  private async save(upload: PlaybackUpload, part: SentPart, signal: AbortSignal): Promise<void> {
    const { playbackId, stream, partSizeBytes } = upload;
    const from = upload.sentBytes;
    const to = from + partSizeBytes;
    const begun = stream.overlapping(from, to).filter(({ streamOffset: at }) => at >= from && at < to);
    const fragments = begun.map(({ capture, fragment, streamOffset, silence, moof }) => ({
      ...{ captureId: capture.captureId, streamOffset, silentBytes: silence.length, fragment },
      moof: moof!.toString('base64'),
    }));
    const { safeBytes, pendingBytes } = upload.progress;
    const left = Math.max(0, pendingBytes - partSizeBytes);
    const progress = { safeBytes: safeBytes + partSizeBytes, pendingBytes: left, atRiskBytes: left };
    const captures = this.changedCaptures(upload, begun);
    const isOurs = await this.persist(
      () => this.rows.insertPart(playbackId, this.node.nodeId, part, { fragments, captures, progress }),
      signal,
    );
    if (!isOurs) throw new UploadLost(`the upload of ${playbackId} is somebody else's`);
    for (const { meta } of captures) upload.savedCaptures.set(meta.captureId, JSON.stringify(meta));
  }

  /** The place of a capture on the clock is still being found in its first seconds. */
  private changedCaptures({ savedCaptures }: PlaybackUpload, entries: readonly StreamEntry[]): SentCapture[] {
    const captures = new Map(entries.map(({ capture }) => [capture.captureId, capture]));
    return [...captures.values()]
      .map((capture) => {
        const { captureId, cameraId, epochMs, anchors = [], endedAtMs, endCause } = capture;
        const meta = { captureId, cameraId, epochMs, anchors, endedAtMs, endCause };
        return { meta, init: capture.init.bytes };
      })
      .filter(({ meta }) => savedCaptures.get(meta.captureId) !== JSON.stringify(meta));
  }

  private persist<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return persist(work, { clock: this.clock, logger: this.logger, signal });
  }
}
