import { Injectable } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { homeDirs, NodeIdentity, Ownership, readNodeId } from '../cluster/index.js';
import { LogArchivist } from '../archive/index.js';
import { FragmentLog } from '../footage/index.js';
import { camerasOf, readLog, release, unarchived } from './swept-log.js';
import { UnsafeRangesRepository } from './unsafe-ranges.repository.js';

/** Logs of recorders that are gone, on the disk of this one. */
@Injectable()
export class AbandonedHomes {
  constructor(
    private readonly config: AppConfig,
    private readonly logger: AppLogger,
    private readonly node: NodeIdentity,
    private readonly ownership: Ownership,
    private readonly unsafe: UnsafeRangesRepository,
    private readonly archivist: LogArchivist,
  ) {}

  /** Several processes may share a record folder; the home of one that is gone is swept by those that are there. */
  async sweep(): Promise<void> {
    for (const dir of homeDirs(this.config.recordDir)) {
      const nodeId = readNodeId(dir);
      if (nodeId === null || nodeId === this.node.nodeId) continue;
      await this.ownership.withDeadNode(nodeId, async () => {
        const log = new FragmentLog(dir, this.config.recording, this.logger);
        // What is not in the archive yet stays, whatever becomes of the rest.
        await this.archivist
          .archive(log)
          .catch((err: unknown) => this.logger.warn('a log that was left behind was not archived', { err }));
        const swept = await readLog(log);
        const needed = await this.unsafe.find(nodeId, { cameraIds: camerasOf(swept), playbackIds: [] });
        await release(log, swept, [...needed, ...unarchived(swept, this.archivist)]);
      });
    }
  }
}
