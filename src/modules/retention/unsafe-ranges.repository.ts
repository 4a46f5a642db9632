import { Injectable } from '@nestjs/common';
import { ArrayContains, DataSource, In, IsNull, Not } from 'typeorm';
import { isOpen } from '../../schema/playback-state.js';
import { Playback, streamOf } from '../../schema/playback.entity.js';
import type { StreamId } from '../../schema/stream-id.js';

/** A range whose footage must stay on this node; its end is null while it is open. */
export interface UnsafeRange {
  playbackId: string;
  stream: StreamId;
  startMs: number;
  endMs: number | null;
}

/** What may not go from a node's disk. */
@Injectable()
export class UnsafeRangesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Ranges of which nothing is safe in the store yet; failed ones that `nodeId` has footage of and that name a local path are kept for a person to look at. */
  async find(nodeId: string): Promise<UnsafeRange[]> {
    const rows = await this.dataSource.manager.find(Playback, {
      select: { id: true, cameraId: true, recordingStatus: true, rangeStartAt: true, rangeEndAt: true },
      where: [
        { recordingStatus: In(['PENDING', 'RECORDING', 'PROCESSING'] as const) },
        { recordingStatus: 'FAILED', footageNodes: ArrayContains([nodeId]), localPath: Not(IsNull()) },
      ],
    });
    return rows.map((row) => ({
      playbackId: row.id,
      stream: streamOf(row),
      startMs: row.rangeStartAt?.getTime() ?? 0,
      // While it is recorded, a fragment behind its end may still extend it.
      endMs: isOpen(row.recordingStatus) ? null : (row.rangeEndAt?.getTime() ?? null),
    }));
  }
}
