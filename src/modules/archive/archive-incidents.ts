import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { NodeIdentity } from '../cluster/index.js';
import { type Condition, IncidentMonitor } from '../incident/index.js';
import { LogArchivist } from './log-archivist.service.js';
import { StoreIdentity } from './store-identity.service.js';

/** Tells the monitor of footage that does not get into the archive. */
@Injectable()
export class ArchiveIncidents implements OnModuleInit {
  constructor(
    private readonly config: AppConfig,
    private readonly monitor: IncidentMonitor,
    private readonly node: NodeIdentity,
    private readonly archivist: LogArchivist,
    private readonly identity: StoreIdentity,
  ) {}

  onModuleInit(): void {
    const { nodeId } = this.node;
    this.monitor.register({ kind: 'footage_backlog', nodeId, find: async () => this.findBacklog() });
    this.monitor.register({ kind: 'footage_store_foreign', nodeId, find: async () => this.findForeign() });
  }

  private findBacklog(): Condition[] {
    const { waitingSinceMs } = this.archivist;
    if (waitingSinceMs === null) return [];
    const since = new Date(waitingSinceMs);
    return [
      {
        subject: {},
        since: new Date(waitingSinceMs + this.config.footage.backlogAfterSec * 1_000),
        detail: `Footage of this recorder waits for the archive since ${since.toISOString()}.`,
      },
    ];
  }

  private findForeign(): Condition[] {
    const { fault } = this.identity;
    return fault ? [{ subject: {}, since: fault.since, detail: fault.detail }] : [];
  }
}
