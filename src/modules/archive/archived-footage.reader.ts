import { buffer } from 'node:stream/consumers';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppLogger } from '../../common/logging.js';
import { Mp4Error } from '../../mp4/boxes.js';
import { type InitSegment, parseInitSegment } from '../../mp4/init-segment.js';
import type { Span } from '../../schema/ledger.js';
import { parseSegmentTail, type StoredCapture } from '../footage/index.js';
import { FootageStore } from '../storage/index.js';
import { type ArchivedRun, placeRuns, type ReadSegment } from './domain/archived-runs.js';
import { formatFootageKey } from './domain/footage-key.js';
import { type SegmentRow, SegmentRangesRepository } from './segment-ranges.repository.js';
import { StoreSource } from './store-source.js';

/** So many requests to the store at once: an hour of footage has sixty tails. */
const READ_AT_ONCE = 8;
/** What the store says of an object that is not what its row says. No later try finds it otherwise. */
const GONE = new Set<string>(['STORAGE.NOT_FOUND', 'STORAGE.BAD_RANGE']);

/** What the archive has of a range of a camera. */
export interface ArchivedFootage {
  /** With all fragments of each segment that touches the range; read through their source. */
  captures: StoredCapture[];
  /** Up to then footage is known of; null: of none. */
  endMs: number | null;
  /** Some of it lies on a recorder still, on its way. */
  isComing: boolean;
}

interface KeyedRow extends SegmentRow {
  key: string;
}

/** Finds the footage of a range in the archive, by its index and the tails of its segments: no media is read. */
@Injectable()
export class ArchivedFootageReader {
  constructor(
    private readonly logger: AppLogger,
    private readonly store: FootageStore,
    private readonly ranges: SegmentRangesRepository,
  ) {}

  /** @throws what the store says, when it is away */
  async read(cameraId: string, range: Span): Promise<ArchivedFootage> {
    const rows = await this.ranges.find(cameraId, range);
    const stored = rows.filter(({ state, isMissing }) => state === 'stored' && !isMissing).map(withKey);
    const read = await inTurns(stored, (row) => this.readTail(row));
    const segments = read.flatMap((segment) => segment ?? []);
    return {
      captures: await this.describe(cameraId, placeRuns(segments), stored),
      endMs: rows.length === 0 ? null : Math.max(...rows.map((row) => spanOf(row).endMs)),
      isComing: rows.some(({ state }) => state === 'local'),
    };
  }

  /** Null when it is not there, or is damaged. */
  private async readTail({ key, captureKey, number, sizeBytes, tailBytes }: KeyedRow): Promise<ReadSegment | null> {
    try {
      const body = await this.store.openRead(key, { start: sizeBytes - tailBytes, end: sizeBytes - 1 });
      const { clock, entries } = parseSegmentTail(await buffer(body));
      return { key, captureKey, number, tail: { clock, entries: entries.map(({ fragment }) => ({ fragment })) } };
    } catch (error) {
      const isGone = error instanceof Mp4Error || (error instanceof AppError && GONE.has(error.code));
      if (!isGone) throw error;
      this.logger.warn('a segment of the archive cannot be read', { key, err: error });
      return null;
    }
  }

  private async describe(
    cameraId: string,
    runs: readonly ArchivedRun[],
    rows: readonly KeyedRow[],
  ): Promise<StoredCapture[]> {
    const byKey = new Map(rows.map((row) => [row.key, row]));
    const sizes = new Map(rows.map(({ key, sizeBytes }) => [key, sizeBytes]));
    const openSource = () => new StoreSource(this.store, sizes);
    const inits = new Map<string, InitSegment>();
    const captures: StoredCapture[] = [];
    for (const { id, captureKey, epochMs, fragments } of runs) {
      const init = inits.get(captureKey) ?? (await this.readInit(byKey.get(fragments[0]!.segment)!));
      inits.set(captureKey, init);
      captures.push({
        ...{ captureId: id, cameraId, epochMs, endedAtMs: null, endCause: null },
        ...{ dir: `footage/${cameraId}`, openSource, init, configDigest: init.configDigest, fragments },
      });
    }
    return captures;
  }

  private async readInit({ key, initBytes }: KeyedRow): Promise<InitSegment> {
    return parseInitSegment(await buffer(await this.store.openRead(key, { start: 0, end: initBytes - 1 })));
  }
}

function withKey(row: SegmentRow): KeyedRow {
  const { startMs, endMs } = spanOf(row);
  const { cameraId, captureKey, number } = row;
  return { ...row, key: formatFootageKey({ cameraId, startMs, durationMs: endMs - startMs, captureKey, number }) };
}

function spanOf({ startAt, endAt }: SegmentRow): Span {
  return { startMs: startAt.getTime(), endMs: endAt.getTime() };
}

/** In order, a few at a time. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += READ_AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + READ_AT_ONCE).map(work))));
  }
  return results;
}
