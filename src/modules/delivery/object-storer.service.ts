import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { persist } from '../database/index.js';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { ObjectStore, videoKey } from '../storage/index.js';
import { PartSender } from './part-sender.service.js';
import { FIRST_STREAM_PART, type PlaybackUpload } from './playback-upload.js';
import { type SentPart, UploadRepository } from './upload.repository.js';
import type { BuiltObject } from './object-builder.js';
import { readObject } from './object-bytes.js';

const CONTENT_TYPE = 'video/mp4';
/** Of a `free` box that says its size in 64 bits. */
const FREE_HEADER_BYTES = 16;

/** What the store is known to have. */
export interface StoredObjectInfo {
  sizeBytes: number;
  /** Null when it went up in parts. */
  sha256: string | null;
  digest: string;
}

/** Brings a planned object into the store and sees it there. */
@Injectable()
export class ObjectStorer {
  constructor(
    private readonly store: ObjectStore,
    private readonly sender: PartSender,
    private readonly rows: UploadRepository,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
  ) {}

  /**
   * Sends what is not there yet.
   * @param note what to remember with the parts, should the answer to the last request be lost
   */
  async put(
    upload: PlaybackUpload,
    built: BuiltObject,
    { note, signal }: { note: (info: StoredObjectInfo) => unknown; signal: AbortSignal },
  ): Promise<StoredObjectInfo> {
    const { sizeBytes } = built.plan;
    if (!upload.target && sizeBytes <= upload.partSizeBytes) return this.putWhole(upload, built, signal);
    const covered = await this.coverLeftover(upload, built);
    const parts = [...(await this.sendRest(upload, covered, signal)), ...upload.parts].sort(
      (a, b) => a.number - b.number,
    );
    const info = {
      sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
      sha256: null,
      digest: digestOf(parts, upload.partSizeBytes),
    };
    upload.completing = { parts, object: note(info) };
    const { clock, logger } = this;
    await persist(() => this.rows.saveCompleting(upload.playbackId, upload.completing), { clock, logger, signal });
    await this.complete(upload, signal);
    return info;
  }

  /** Makes the parts one object, also when that was done before and nobody heard of it. */
  async complete({ target, completing }: PlaybackUpload, signal: AbortSignal): Promise<void> {
    await this.store.completeParts(target!, completing!.parts, signal);
  }

  private async putWhole(
    { playbackId, partSizeBytes }: PlaybackUpload,
    built: BuiltObject,
    signal: AbortSignal,
  ): Promise<StoredObjectInfo> {
    const bytes = await readObject(built, 0, Math.min(partSizeBytes, built.plan.sizeBytes));
    await this.store.putBytes(videoKey(playbackId), bytes, { contentType: CONTENT_TYPE, signal });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { sizeBytes: bytes.length, sha256, digest: `sha256:${sha256}` };
  }

  /** The first part and what stands behind the stream: the other parts are there. */
  private async sendRest(upload: PlaybackUpload, built: BuiltObject, signal: AbortSignal): Promise<SentPart[]> {
    const { partSizeBytes, sentBytes, nextNumber } = upload;
    const { sizeBytes } = built.plan;
    const rest: { number: number; from: number }[] = [];
    for (let from = partSizeBytes + sentBytes; from < sizeBytes; from += partSizeBytes) {
      rest.push({ number: nextNumber + rest.length, from });
    }
    const send = ({ number, from }: { number: number; from: number }) => {
      const read = () => readObject(built, from, Math.min(sizeBytes, from + partSizeBytes));
      return this.sender.send(upload, number, { read, signal, waiting: signal });
    };
    const head = { number: FIRST_STREAM_PART - 1, from: 0 };
    if (upload.target) return allOf([head, ...rest].map(send));
    const first = await send(head); // which begins the upload
    return [first, ...(await allOf(rest.map(send)))];
  }

  /**
   * Parts that an earlier attempt, or a recorder that is gone, has sent behind the end would make the store refuse the list, so an empty
   * box at the end of the object reaches over them.
   */
  private async coverLeftover(upload: PlaybackUpload, built: BuiltObject): Promise<BuiltObject> {
    if (!upload.mayHaveMore || !upload.target) return built;
    const { partSizeBytes } = upload;
    const { plan } = built;
    const listed = (await this.store.listParts(upload.target)) ?? [];
    const last = Math.max(0, ...listed.map(({ number }) => number));
    if (last <= Math.ceil(plan.sizeBytes / partSizeBytes)) return built;
    const sizeBytes = (last - 1) * partSizeBytes + FREE_HEADER_BYTES;
    // What follows its header is zero, as is everything that no piece says.
    const box = { kind: 'bytes' as const, bytes: freeHeader(sizeBytes - plan.sizeBytes) };
    return { ...built, plan: { ...plan, sizeBytes, pieces: [...plan.pieces, box] } };
  }
}

/** Waits for each, also when one has failed: none may come to the store when the next attempt is under way. */
async function allOf<T>(sendings: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(sendings);
  return Promise.all(sendings);
}

function freeHeader(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(FREE_HEADER_BYTES);
  bytes.writeUInt32BE(1, 0);
  bytes.write('free', 4, 'latin1');
  bytes.writeBigUInt64BE(BigInt(sizeBytes), 8);
  return bytes;
}

function digestOf(parts: readonly SentPart[], partSizeBytes: number): string {
  const hash = createHash('sha256');
  for (const { sha256 } of parts) hash.update(Buffer.from(sha256, 'hex'));
  return `sha256-parts:${hash.digest('hex')}-${parts.length}x${partSizeBytes}`;
}
