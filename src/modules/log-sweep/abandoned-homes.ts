import { Injectable } from '@nestjs/common';
import { AppLogger } from '../../common/logging.js';
import { AppConfig } from '../../config/app-config.js';
import { homeDirs, NodeIdentity, Ownership, readNodeId } from '../cluster/index.js';
import { FragmentLog } from '../footage/index.js';
import { camerasOf, readLog, release } from './swept-log.js';
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
  ) {}

  /** Several processes may share a record folder; the home of one that is gone is swept by those that are there. */
  async sweep(): Promise<void> {
    for (const dir of homeDirs(this.config.recordDir)) {
      const nodeId = readNodeId(dir);
      if (nodeId === null || nodeId === this.node.nodeId) continue;
      await this.ownership.withDeadNode(nodeId, async () => {
        const log = new FragmentLog(dir, this.config.recording, this.logger);
        const swept = await readLog(log);
        await release(log, swept, await this.unsafe.find(nodeId, { cameraIds: camerasOf(swept), playbackIds: [] }));
      });
    }
  }
}
