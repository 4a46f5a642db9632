import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import type { Span } from '../../schema/ledger.js';
import { FootageIndexRepository, type IndexedSegment } from '../archive/index.js';
import type { StreamBody } from '../media/index.js';
import { FootageStore } from '../storage/index.js';
import { type GroupedSegment, parsePartName, partAt } from './domain/stream-parts.js';
import { footageElsewhere, segmentNotFound } from './footage-errors.js';
import { FootageSource } from './footage-source.service.js';
import { type FilePart, LogFootage } from './log-footage.service.js';

/** Gives players the bytes that a playlist names, wherever they lie by now: on their way from a log to the store they keep their address. */
@Injectable()
export class SegmentBytes {
  constructor(
    private readonly index: FootageIndexRepository,
    private readonly source: FootageSource,
    private readonly log: LogFootage,
    private readonly store: FootageStore,
  ) {}

  /**
   * @param name of a part, as a playlist has it
   * @param within what a link opens; null: everything
   * @throws AppError `FOOTAGE.SEGMENT_NOT_FOUND`, `FOOTAGE.ELSEWHERE`
   */
  async open(cameraId: string, name: string, within: Span | null): Promise<StreamBody> {
    const part = parsePartName(name);
    if (!part) throw segmentNotFound();
    const row = await this.index.findByNumber(cameraId, part.captureKey, part.number);
    const nodeIds = await this.nodesOf(cameraId, row);
    const segment = row ?? (await this.log.findOne(cameraId, nodeIds, part.captureKey, part.number));
    if (!segment || row?.absence || !isPartOf({ isOpen: false, ...segment }, part, within)) throw segmentNotFound();
    if (row?.state === 'stored') return this.inStore(row.key, part);
    return { sizeBytes: part.sizeBytes, open: () => this.openFromLog(cameraId, nodeIds, part) };
  }

  /**
   * `ftyp` and `moov` of a capture.
   * @throws AppError `FOOTAGE.SEGMENT_NOT_FOUND`, `FOOTAGE.ELSEWHERE`
   */
  async init(cameraId: string, captureKey: string): Promise<StreamBody> {
    const stored = await this.index.findAnyOf(cameraId, captureKey, 'stored');
    if (stored) return this.inStore(stored.key, { offset: 0, sizeBytes: stored.initBytes });
    const local = await this.index.findAnyOf(cameraId, captureKey, 'local');
    const body = await this.log.openInit(cameraId, await this.nodesOf(cameraId, local), captureKey);
    if (body) return body;
    await this.requireSeen(local);
    throw segmentNotFound();
  }

  /** What has left the log since it was looked for is in the store by now. */
  private async openFromLog(cameraId: string, nodeIds: readonly string[], part: FilePart): Promise<Readable> {
    const bytes = await this.log.openBytes(cameraId, nodeIds, part);
    if (bytes) return bytes;
    const row = await this.index.findByNumber(cameraId, part.captureKey, part.number);
    if (row?.state === 'stored' && row.absence === null) return this.inStore(row.key, part).open();
    await this.requireSeen(row);
    throw segmentNotFound();
  }

  private async nodesOf(cameraId: string, row: IndexedSegment | null): Promise<string[]> {
    return row?.nodeId ? [row.nodeId] : this.source.recordersOf(cameraId);
  }

  private async requireSeen(row: IndexedSegment | null): Promise<void> {
    if (row?.nodeId && !(await this.log.canSee(row.nodeId))) throw footageElsewhere();
  }

  private inStore(key: string, { offset, sizeBytes }: Pick<FilePart, 'offset' | 'sizeBytes'>): StreamBody {
    const open = async () => {
      try {
        return await this.store.openRead(key, { start: offset, end: offset + sizeBytes - 1 });
      } catch (error) {
        throw error instanceof AppError && error.code === 'STORAGE.NOT_FOUND' ? segmentNotFound() : error;
      }
    };
    return { sizeBytes, open };
  }
}

function isPartOf(segment: GroupedSegment, part: FilePart, within: Span | null): boolean {
  const found = partAt(segment, part);
  return found !== null && (within === null || (found.startMs < within.endMs && found.endMs > within.startMs));
}
