import { Injectable } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { streamOf } from '../../schema/playback.entity.js';
import type { PlaybackKind } from '../../schema/playback-state.js';
import { ArchivedFootageReader } from '../archive/index.js';
import { ObjectStore, type PartsTarget, type StoredPart } from '../storage/index.js';
import { type CaptureFiles, FootageReader, named, type StoredCapture, type StoredFragment } from '../footage/index.js';
import { parseInitSegment } from '../../mp4/init-segment.js';
import { fragmentKey, type StreamEntry } from './domain/upload-stream.js';
import type { PlaybackUpload } from './playback-upload.js';
import { FIRST_STREAM_PART } from './playback-upload.js';
import { type SentCapture, type SentPart, UploadRepository, type UploadRow } from './upload.repository.js';

/** What is known of the footage of an upload beside its rows. */
export interface UploadFootage {
  playbackId: string;
  cameraId: string;
  footageNodes: readonly string[];
  rangeStartAt: Date | null;
  rangeEndAt?: Date | null;
  kind?: PlaybackKind;
  /** It ends then at the latest. */
  deadlineAt: Date | null;
}

/** Takes up an upload that an earlier life of this recorder, or another recorder, has begun. */
@Injectable()
export class UploadRestorer {
  constructor(
    private readonly logger: AppLogger,
    private readonly store: ObjectStore,
    private readonly footage: FootageReader,
    private readonly rows: UploadRepository,
    private readonly archive: ArchivedFootageReader,
  ) {}

  /** @throws what the store or the database says: then nothing is restored yet */
  async restore(upload: PlaybackUpload, footage: UploadFootage): Promise<void> {
    const { playbackId } = footage;
    const row = await this.rows.find(playbackId);
    if (!row) return upload.restored();
    const listed = await this.store.listParts(row.target);
    if (!listed && !row.completing) {
      this.logger.warn('an upload is not in the store any more; it begins again', { playbackId });
      await this.rows.forget(playbackId, row.target);
      return upload.restored();
    }
    const parts = listed ? samePrefix(row.parts, listed, row.target.partSizeBytes) : row.parts;
    if (parts.length < row.parts.length) await this.rows.deletePartsFrom(playbackId, parts.length + FIRST_STREAM_PART);
    const captures = await this.findSent(footage, row);
    const { target, completing } = row;
    Object.assign(upload, { target, parts, completing, partSizeBytes: target.partSizeBytes, mayHaveMore: true });
    this.fill(upload, row, captures);
    this.logger.info('upload taken up', { playbackId, parts: parts.length, of: row.parts.length });
    upload.restored();
  }

  /** What of it can be read where it came from. */
  private async findSent(footage: UploadFootage, row: UploadRow): Promise<StoredCapture[]> {
    const { kind, cameraId, rangeStartAt, rangeEndAt, footageNodes } = footage;
    if (kind === 'export') {
      const range = { startMs: rangeStartAt!.getTime(), endMs: rangeEndAt!.getTime() };
      return (await this.archive.read(cameraId, range)).captures;
    }
    return (await this.footage.read(streamOf(footage), footageNodes, named(segmentsOf(row)))).captures;
  }

  /** Looks what the store really has. @returns false when it has nothing of this upload */
  async compare(upload: PlaybackUpload, target: PartsTarget): Promise<boolean> {
    const { playbackId, partSizeBytes } = upload;
    const listed = await this.store.listParts(target);
    if (!listed) return false;
    const parts = samePrefix(upload.parts, listed, partSizeBytes);
    this.logger.warn('the store has other parts', { playbackId, parts: parts.length, of: upload.parts.length });
    await this.rows.deletePartsFrom(playbackId, parts.length + FIRST_STREAM_PART);
    await this.rows.saveCompleting(playbackId, null);
    upload.keep(parts);
    return true;
  }

  /** Footage that lies on no disk that can be seen stays usable as far as it is in the store. */
  private fill(upload: PlaybackUpload, { fragments, captures }: UploadRow, visible: readonly StoredCapture[]): void {
    const onDisk = new Map(visible.flatMap((capture) => capture.fragments.map((each) => seenAs(capture, each))));
    const ghosts = new Map(captures.map((capture) => [capture.meta.captureId, ghostOf(capture)]));
    for (const { captureId, streamOffset, silentBytes, fragment, moof } of fragments) {
      if (streamOffset >= upload.sentBytes) break;
      // One that was never sent whole, since its recorder died, gave way to what came after it.
      if (streamOffset - silentBytes < upload.stream.sizeBytes) upload.stream.cut(streamOffset - silentBytes);
      upload.stream.skipTo(streamOffset - silentBytes);
      const seen = onDisk.get(fragmentKey({ captureId }, fragment));
      const capture = seen?.capture ?? ghosts.get(captureId)!;
      upload.stream.append(capture, seen?.fragment ?? fragment, Buffer.from(moof, 'base64'));
    }
    upload.stream.skipTo(upload.sentBytes);
    const isWhole = upload.stream.sizeBytes <= upload.sentBytes;
    if (!isWhole && isGhost(upload.stream.entries.at(-1)!)) upload.stream.cut(upload.sentBytes);
  }
}

function isGhost({ capture }: StreamEntry): boolean {
  return capture.dir === '';
}

interface SeenFragment {
  capture: StoredCapture;
  fragment: StoredFragment;
}

function seenAs(capture: StoredCapture, fragment: StoredFragment): [string, SeenFragment] {
  return [fragmentKey(capture, fragment), { capture, fragment }];
}

/** A capture of which only the rows are left: it has no folder. */
function ghostOf({ meta, init: bytes }: SentCapture): CaptureFiles {
  const init = parseInitSegment(bytes);
  return { ...meta, dir: '', init, configDigest: init.configDigest };
}

/** Where the fragments of an upload lie, if they still do: names of segments by the id of their capture. */
function segmentsOf({ fragments }: UploadRow): Map<string, Set<string>> {
  const segments = new Map<string, Set<string>>();
  for (const { captureId, fragment } of fragments) {
    segments.set(captureId, (segments.get(captureId) ?? new Set()).add(fragment.segment));
  }
  return segments;
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
