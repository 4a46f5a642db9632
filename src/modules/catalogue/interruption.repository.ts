import { Injectable } from '@nestjs/common';
import { DataSource, LessThanOrEqual, MoreThanOrEqual } from 'typeorm';
import { Interruption } from '../../schema/interruption.entity.js';
import type { CausedSpan, Span } from '../../schema/ledger.js';

/** An interruption that may still last. */
export interface NotedInterruption extends CausedSpan {
  /** Names its row: what is told of it later takes the place of what was told before. */
  id: string;
  /** One sentence for a person. */
  detail: string;
}

/** When, and why, a camera that was wanted gave no footage. */
@Injectable()
export class InterruptionRepository {
  constructor(private readonly dataSource: DataSource) {}

  async insert(cameraId: string, span: CausedSpan, detail: string): Promise<void> {
    await this.dataSource.manager.insert(Interruption, {
      cameraId,
      startedAt: new Date(span.startMs),
      endedAt: new Date(span.endMs),
      cause: span.cause,
      detail,
    });
  }

  /** Writes down what is known of an interruption by now. */
  async save(cameraId: string, { id, startMs, endMs, cause, detail }: NotedInterruption): Promise<void> {
    const row = { id, cameraId, startedAt: new Date(startMs), endedAt: new Date(endMs), cause, detail };
    await this.dataSource.manager.upsert(Interruption, row, ['id']);
  }

  /** Interruptions of a camera that touch a range. */
  async find(cameraId: string, range: Span): Promise<CausedSpan[]> {
    const rows = await this.dataSource.manager.findBy(Interruption, {
      cameraId,
      startedAt: LessThanOrEqual(new Date(range.endMs)),
      endedAt: MoreThanOrEqual(new Date(range.startMs)),
    });
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
