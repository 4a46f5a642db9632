import { Injectable, type OnModuleInit } from '@nestjs/common';
import { NodeIdentity } from '../cluster/index.js';
import { type Condition, IncidentMonitor } from '../incident/index.js';
import { formatGib } from './disk-check.js';
import { DiskSpace } from './disk-space.service.js';

/** Tells the monitor when this recorder has no room for footage. */
@Injectable()
export class DiskIncidents implements OnModuleInit {
  constructor(
    private readonly monitor: IncidentMonitor,
    private readonly node: NodeIdentity,
    private readonly disk: DiskSpace,
  ) {}

  onModuleInit(): void {
    const { nodeId } = this.node;
    this.monitor.register({ kind: 'disk_low', nodeId, find: async () => this.find() });
  }

  private find(): Condition[] {
    const { lowSince, unreadable, freeBytes, resumeAtBytes } = this.disk;
    if (lowSince === null) return [];
    const detail =
      unreadable === null
        ? `The recorder's disk is too full to record: ${formatGib(freeBytes)} are free, recording goes on at ${formatGib(resumeAtBytes)}.`
        : "The recorder's disk cannot be looked at; the service's log says why.";
    return [{ subject: {}, since: lowSince, detail }];
  }
}
