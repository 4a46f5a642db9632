import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import type { RemovalCause } from '../../schema/footage.entity.js';
import type { Span } from '../../schema/ledger.js';
import {
  FootageIndexRepository,
  type IndexedRun,
  type IndexedSegment,
  MAX_SEAM_MS,
  type PlacedGop,
} from '../archive/index.js';
import type { LogSegment } from './domain/log-segments.js';
import { bytesIn, type PlacedPiece } from './domain/spans.js';
import { LogFootage } from './log-footage.service.js';
import { TimelineRepository } from './timeline.repository.js';

/** A segment that can be played, wherever it lies. */
export interface PlayableSegment extends PlacedPiece {
  number: number;
  gops: PlacedGop[];
  /** Whether more of it may come. */
  isOpen: boolean;
  /** Its object, once it is in the store. */
  key: string | null;
  /** Whose disk has it until then; null: that of a recorder that has told nothing of it yet. */
  nodeId: string | null;
}

export interface FoundFootage<P extends PlacedPiece> {
  pieces: P[];
  /** Segments that have a row and are not there. */
  absent: (Span & { cause: RemovalCause })[];
  /** Recorders that may hold more, whose disk cannot be seen. */
  unseen: string[];
}

/** What ended longer ago has a row: a segment gets it within minutes, and a database that was away is told everything when it is back. */
const LOG_ONLY_MS = 3_600_000;

/** Finds the footage of a camera, in the index and behind its end in the logs. Ranges are read with what lies just around them. */
@Injectable()
export class FootageSource {
  constructor(
    private readonly index: FootageIndexRepository,
    private readonly log: LogFootage,
    private readonly timeline: TimelineRepository,
    private readonly clock: Clock,
  ) {}

  /** Runs of segments, for what only asks when there is footage. */
  async findRuns(cameraId: string, range: Span): Promise<FoundFootage<PlacedPiece>> {
    const runs = await this.index.findRuns(cameraId, range);
    const { segments, unseen } = await this.findInLog(cameraId, range, runs);
    const inLog = segments.map((segment) => ({ ...fromLog(segment), sizeBytes: bytesIn(segment, range) }));
    const pieces = [...runs.filter(isThere).map((run) => ({ ...run, place: run.state })), ...inLog];
    return { pieces, absent: absentOf(runs), unseen };
  }

  /** The segments one by one, with their groups of pictures. */
  async findSegments(cameraId: string, range: Span): Promise<FoundFootage<PlayableSegment>> {
    const rows = await this.index.findSegments(cameraId, around(range));
    const { segments, unseen } = await this.findInLog(cameraId, range, rows);
    const stored = rows
      .filter(isThere)
      .map((row) => ({ ...row, place: row.state, isOpen: false, key: row.state === 'stored' ? row.key : null }));
    return { pieces: [...stored, ...segments.map(fromLog)], absent: absentOf(rows), unseen };
  }

  /** Recorders that may hold what has no row yet. */
  async recordersOf(cameraId: string): Promise<string[]> {
    const nodeId = await this.timeline.findRecorder(cameraId);
    return nodeId === null ? [] : [nodeId];
  }

  private async findInLog(cameraId: string, range: Span, indexed: readonly (IndexedRun | IndexedSegment)[]) {
    if (range.endMs < this.clock.nowMs() - LOG_ONLY_MS) return { segments: [], unseen: [] };
    const isIndexed = (captureKey: string, number: number) =>
      indexed.some((each) => each.captureKey === captureKey && each.firstNumber <= number && number <= each.lastNumber);
    return this.log.find(cameraId, range, await this.recordersOf(cameraId), isIndexed);
  }
}

function around({ startMs, endMs }: Span): Span {
  return { startMs: startMs - MAX_SEAM_MS, endMs: endMs + MAX_SEAM_MS };
}

function isThere({ absence }: IndexedRun): boolean {
  return absence === null;
}

function absentOf(rows: readonly IndexedRun[]): (Span & { cause: RemovalCause })[] {
  return rows
    .filter((row) => !isThere(row))
    .map(({ startMs, endMs, absence }) => ({ startMs, endMs, cause: absence === 'missing' ? 'lost' : 'deleted' }));
}

function fromLog(segment: LogSegment): PlayableSegment {
  return { ...segment, place: segment.isOpen ? 'live' : 'local', key: null, nodeId: null };
}
