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

/** What a disk holds. */
export interface HeldFootage {
  /** Cameras of which it has fragments. */
  cameraIds: readonly string[];
  /** Playbacks of which it has assembled files. */
  playbackIds: readonly string[];
}

/** As PostgreSQL writes a UUID. Names of files that are none belong to no row, and no query takes them. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const UNFINISHED = In(['PENDING', 'RECORDING', 'PROCESSING'] as const);

/** What may not go from a node's disk. */
@Injectable()
export class UnsafeRangesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Ranges of which nothing is safe in the store yet; failed ones that `nodeId` has footage of and that name a local path are kept for a
   * person to look at.
   * @param held ranges of anything else are left out: a fleet has many
   */
  async find(nodeId: string, { cameraIds, playbackIds }: HeldFootage): Promise<UnsafeRange[]> {
    const rows = await this.dataSource.manager.find(Playback, {
      select: { id: true, cameraId: true, recordingStatus: true, rangeStartAt: true, rangeEndAt: true },
      where: [
        // What an export is made of lies in the archive.
        { recordingStatus: UNFINISHED, cameraId: In(cameraIds.filter(isUuid)), kind: Not('export' as const) },
        { recordingStatus: UNFINISHED, id: In(playbackIds.filter(isUuid)) },
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

function isUuid(name: string): boolean {
  return UUID.test(name);
}
