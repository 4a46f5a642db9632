import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Playback } from '../../schema/playback.entity.js';
import { PlaybackRows, WITH_NODE } from '../catalogue/index.js';

/** A recording that waits to be finalised by another recorder. */
export interface ProcessingElsewhere {
  playbackId: string;
  nodeId: string;
  rangeEndAt: Date;
  /** Some of it is in the store. */
  isPartlySafe: boolean;
  /** It is made of the archive: no disk of its recorder is needed. */
  isExport: boolean;
}

export interface TakenProcessing {
  playbackId: string;
  fromNodeId: string;
  nodeId: string;
}

/** Recordings that are over and wait to be finalised. */
@Injectable()
export class ProcessingRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly rows: PlaybackRows,
  ) {}

  async findOwn(nodeId: string): Promise<Playback[]> {
    return this.dataSource.manager.findBy(Playback, { recordingStatus: 'PROCESSING', nodeId });
  }

  /** The other recorders that have recordings to finalise. */
  async findOtherNodes(nodeId: string): Promise<string[]> {
    const rows = await this.dataSource.query<{ nodeId: string }[]>(
      `SELECT DISTINCT node_id AS "nodeId" FROM playbacks WHERE recording_status = 'PROCESSING' AND node_id <> $1`,
      [nodeId],
    );
    return rows.map((row) => row.nodeId);
  }

  async findOfNodes(nodeIds: readonly string[]): Promise<ProcessingElsewhere[]> {
    return this.dataSource.query(
      `SELECT id AS "playbackId", node_id AS "nodeId", range_end_at AS "rangeEndAt",
              EXISTS (SELECT FROM upload_parts part WHERE part.playback_id = playback.id) AS "isPartlySafe",
              kind = 'export' AS "isExport"
         FROM playbacks playback WHERE recording_status = 'PROCESSING' AND node_id = ANY ($1)`,
      [nodeIds],
    );
  }

  /** Locks the row, if it is there. @returns whether it waits to be finalised by this node */
  async isOursToFinalise(manager: EntityManager, id: string, nodeId: string): Promise<boolean> {
    const row = await this.rows.findLocked(manager, id);
    return row?.recordingStatus === 'PROCESSING' && row.nodeId === nodeId;
  }

  /** Takes a recording that waits to be finalised from a node that is gone; false when somebody else was first. */
  async take(manager: EntityManager, { playbackId, fromNodeId, nodeId }: TakenProcessing): Promise<boolean> {
    const rows: unknown[][] = await manager.query(
      `UPDATE playbacks SET node_id = $2, footage_nodes = ${WITH_NODE}
        WHERE id = $1 AND node_id = $3 AND recording_status = 'PROCESSING' RETURNING id`,
      [playbackId, nodeId, fromNodeId],
    );
    return (rows[0]?.length ?? 0) > 0;
  }
}
