import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, LessThanOrEqual, MoreThanOrEqual } from 'typeorm';
import { Interruption } from '../../schema/interruption.entity.js';
import type { CausedSpan, Span } from '../../schema/ledger.js';
import type { StreamId } from '../../schema/stream-id.js';

/** An interruption that may still last. */
export interface NotedInterruption extends CausedSpan {
  /** Names its row: what is told of it later takes the place of what was told before. */
  id: string;
  /** One sentence for a person. */
  detail: string;
}

/** When, and why, a stream that was wanted gave no footage. */
@Injectable()
export class InterruptionRepository {
  constructor(private readonly dataSource: DataSource) {}

  async insert({ cameraId, stream }: StreamId, span: CausedSpan, detail: string): Promise<void> {
    await this.dataSource.manager.insert(Interruption, {
      ...{ cameraId, stream },
      startedAt: new Date(span.startMs),
      endedAt: new Date(span.endMs),
      cause: span.cause,
      detail,
    });
  }

  /** Writes down what is known of an interruption by now. */
  async save({ cameraId, stream }: StreamId, { id, startMs, endMs, cause, detail }: NotedInterruption): Promise<void> {
    const span = { startedAt: new Date(startMs), endedAt: new Date(endMs) };
    const row = { id, cameraId, stream, ...span, cause, detail };
    await this.dataSource.manager.upsert(Interruption, row, ['id']);
  }

  /** Interruptions of a stream that touch a range; one of which nobody has seen the end goes on to the end of the range. */
  async find({ cameraId, stream }: StreamId, range: Span): Promise<CausedSpan[]> {
    const began = { cameraId, stream, startedAt: LessThanOrEqual(new Date(range.endMs)) };
    const rows = await this.dataSource.manager.findBy(Interruption, [
      { ...began, endedAt: MoreThanOrEqual(new Date(range.startMs)) },
      { ...began, endedAt: IsNull() },
    ]);
    return rows.map(({ startedAt, endedAt, cause }) => ({
      startMs: startedAt.getTime(),
      endMs: endedAt?.getTime() ?? range.endMs,
      cause,
    }));
  }

  async deleteBefore(instant: Date): Promise<void> {
    await this.dataSource.query('DELETE FROM interruptions WHERE ended_at < $1', [instant]);
  }
}
