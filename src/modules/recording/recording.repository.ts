import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { WITH_NODE } from '../catalogue/index.js';
import { type EndReason, OPEN_SQL } from '../../schema/playback-state.js';

/** Rows of the write side, but for the state, which has its own writer. */
@Injectable()
export class RecordingRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Takes an open recording for this node, which owns its camera; false when it is not open any more. */
  async claim(playbackId: string, nodeId: string): Promise<boolean> {
    const rows: unknown[][] = await this.dataSource.query(
      `UPDATE playbacks SET node_id = $2, footage_nodes = ${WITH_NODE}
        WHERE id = $1 AND recording_status IN ${OPEN_SQL} RETURNING id`,
      [playbackId, nodeId],
    );
    return (rows[0]?.length ?? 0) > 0;
  }

  /** Gives the open recordings of a node to whoever takes them first. */
  async handOver(nodeId: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE playbacks SET node_id = NULL WHERE node_id = $1 AND recording_status IN ${OPEN_SQL}`,
      [nodeId],
    );
  }

  /** Ends every open recording of a node now, for a reason of the node's own. */
  async closeAll(nodeId: string, reason: EndReason, at: Date): Promise<void> {
    await this.dataSource.query(
      `UPDATE playbacks SET range_end_at = greatest(range_start_at, $3::timestamptz), end_reason = $2
        WHERE node_id = $1 AND recording_status IN ${OPEN_SQL} AND (range_end_at IS NULL OR range_end_at > $3)`,
      [nodeId, reason, at],
    );
  }
}
