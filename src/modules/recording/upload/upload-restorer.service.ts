import { Injectable } from '@nestjs/common';
import { AppLogger } from '../../../common/logging.js';
import { ObjectStore, type StoredPart } from '../../storage/object-store.port.js';
import type { StoredFragment } from '../domain/footage.js';
import { parseInitSegment } from '../domain/mp4/init-segment.js';
import { FootageReader } from '../log/footage-reader.service.js';
import type { StoredCapture } from '../log/fragment-log.store.js';
import type { PlaybackUpload } from './playback-upload.js';
import { FIRST_STREAM_PART } from './playback-upload.js';
import { type SentCapture, type SentPart, UploadRepository, type UploadRow } from './upload.repository.js';

/** What is known of the footage of an upload beside its rows. */
export interface UploadFootage {
  playbackId: string;
  cameraId: string;
  footageNodes: readonly string[];
}

/** Takes up an upload that an earlier life of this recorder, or another recorder, has begun. */
@Injectable()
export class UploadRestorer {
  constructor(
    private readonly logger: AppLogger,
    private readonly store: ObjectStore,
    private readonly footage: FootageReader,
    private readonly rows: UploadRepository,
  ) {}

  /** @throws what the store or the database says: then nothing is restored yet */
  async restore(upload: PlaybackUpload, { playbackId, cameraId, footageNodes }: UploadFootage): Promise<void> {
    const row = await this.rows.find(playbackId);
    if (!row) return upload.restored();
    const listed = await this.store.listParts(row.target);
    if (!listed && !row.completing) {
      this.logger.warn('an upload is not in the store any more; it begins again', { playbackId });
      await this.rows.delete(playbackId);
      return upload.restored();
    }
    const parts = listed ? samePrefix(row.parts, listed, row.target.partSizeBytes) : row.parts;
    if (parts.length < row.parts.length) await this.rows.deletePartsFrom(playbackId, parts.length + FIRST_STREAM_PART);
    const { captures } = await this.footage.read(cameraId, footageNodes);
    Object.assign(upload, { target: row.target, parts, completing: row.completing, wasRestored: true });
    this.fill(upload, row, captures);
    this.logger.info('upload taken up', { playbackId, parts: parts.length, of: row.parts.length });
    upload.restored();
  }

  /** Footage that lies on no disk that can be seen stays usable as far as it is in the store. */
  private fill(upload: PlaybackUpload, { fragments, captures }: UploadRow, visible: readonly StoredCapture[]): void {
    const found = new Map(visible.map((capture) => [capture.captureId, capture]));
    const ghosts = new Map(captures.map((capture) => [capture.meta.captureId, ghostOf(capture)]));
    for (const { captureId, streamOffset, fragment, moof } of fragments) {
      if (streamOffset >= upload.sentBytes) break;
      // One that was never sent whole, since its recorder died, gave way to what came after it.
      if (streamOffset < upload.stream.sizeBytes) upload.stream.cut(streamOffset);
      const seen = findSeen(found.get(captureId), fragment);
      const ghost = ghosts.get(captureId)!;
      if (!seen) ghost.fragments.push(fragment);
      upload.stream.append(seen?.capture ?? ghost, seen?.fragment ?? fragment, Buffer.from(moof, 'base64'));
    }
    const last = upload.stream.entries.at(-1);
    if (!last || last.capture.dir !== '' || upload.stream.sizeBytes <= upload.sentBytes) return;
    last.capture.fragments.pop();
    upload.stream.cut(upload.sentBytes);
  }
}

function findSeen(capture: StoredCapture | undefined, { segment, offset }: StoredFragment) {
  const fragment = capture?.fragments.find((each) => each.segment === segment && each.offset === offset);
  return capture && fragment ? { capture, fragment } : null;
}

/** A capture of which only the rows are left: it has no folder. */
function ghostOf({ meta, init: bytes }: SentCapture): StoredCapture {
  const init = parseInitSegment(bytes);
  return { ...meta, dir: '', init, configDigest: init.configDigest, fragments: [], openSegment: null };
}

/** The parts up to the first one that the store has not got, or has otherwise. */
function samePrefix(known: readonly SentPart[], listed: readonly StoredPart[], partSizeBytes: number): SentPart[] {
  const byNumber = new Map(listed.map((part) => [part.number, part]));
  const isThere = ({ number, etag }: SentPart, index: number) => {
    const stored = byNumber.get(number);
    return number === index + FIRST_STREAM_PART && stored?.etag === etag && stored.sizeBytes === partSizeBytes;
  };
  const first = known.findIndex((part, index) => !isThere(part, index));
  return first < 0 ? [...known] : known.slice(0, first);
}
