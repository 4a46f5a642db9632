import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { Span } from '../../schema/ledger.js';
import { mainStream } from '../../schema/stream-id.js';
import {
  FootageReader,
  formatSegmentName,
  named,
  openFragments,
  parseSegmentName,
  spansOf,
  type StoredCapture,
  touchedBy,
} from '../footage/index.js';
import type { StreamBody } from '../media/index.js';
import { type LogSegment, segmentsInLog } from './domain/log-segments.js';

/** A part of a segment file. */
export interface FilePart {
  captureKey: string;
  number: number;
  offset: number;
  sizeBytes: number;
}

export interface FoundInLog {
  segments: LogSegment[];
  /** Recorders whose disk cannot be seen. */
  unseen: string[];
}

/** Footage that is in the log of a recorder, as far as its disk can be seen from here. */
@Injectable()
export class LogFootage {
  constructor(private readonly reader: FootageReader) {}

  /**
   * Segments that have no row yet.
   * @param nodeIds recorders that may hold some, beside this one
   * @param isIndexed whether a segment has a row
   */
  async find(
    cameraId: string,
    range: Span,
    nodeIds: readonly string[],
    isIndexed: (captureKey: string, number: number) => boolean,
  ): Promise<FoundInLog> {
    const { captures, unseen } = await this.reader.read(mainStream(cameraId), nodeIds, (capture) => {
      const spans = spansOf(capture);
      const [from, to] = touchedBy(spans, range);
      const indexes = Array.from({ length: to - from }, (_, at) => from + at);
      return indexes.filter((index) => !isIndexed(capture.captureId, parseSegmentName(spans.nameAt(index))!));
    });
    return { segments: captures.flatMap(segmentsInLog), unseen };
  }

  /** One segment that has no row yet; null: it is in no log that can be seen. */
  async findOne(
    cameraId: string,
    nodeIds: readonly string[],
    captureKey: string,
    number: number,
  ): Promise<LogSegment | null> {
    const choose = named(new Map([[captureKey, new Set([formatSegmentName(number)])]]));
    const { captures } = await this.reader.read(mainStream(cameraId), nodeIds, choose);
    const found = captures.filter(({ captureId }) => captureId === captureKey).flatMap(segmentsInLog);
    return found.find((segment) => segment.number === number) ?? null;
  }

  /** Bytes of a segment, from now on until the stream is destroyed; null: it is in no log that can be seen. */
  async openBytes(cameraId: string, nodeIds: readonly string[], part: FilePart): Promise<Readable | null> {
    const { captureKey, number, offset, sizeBytes } = part;
    for (const capture of await this.capturesOf(cameraId, nodeIds, captureKey)) {
      const bytes = await openFragments(capture, [{ segment: formatSegmentName(number), offset, sizeBytes }]);
      if (bytes) return bytes;
    }
    return null;
  }

  /** The init segment of a capture; null: it is in no log that can be seen. */
  async openInit(cameraId: string, nodeIds: readonly string[], captureKey: string): Promise<StreamBody | null> {
    const [capture] = await this.capturesOf(cameraId, nodeIds, captureKey);
    if (!capture) return null;
    const { bytes } = capture.init;
    return { sizeBytes: bytes.length, open: async () => Readable.from([bytes]) };
  }

  /** Whether the disk of a recorder can be seen from here. */
  async canSee(nodeId: string): Promise<boolean> {
    return this.reader.canSee(nodeId);
  }

  private async capturesOf(cameraId: string, nodeIds: readonly string[], captureKey: string): Promise<StoredCapture[]> {
    const { captures } = await this.reader.read(mainStream(cameraId), nodeIds, () => []);
    return captures.filter(({ captureId }) => captureId === captureKey);
  }
}
