import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { type Condition, IncidentMonitor } from '../incident/index.js';
import { UploadBacklogRepository } from './upload-backlog.repository.js';

/** Tells the monitor of a backlog of uploads. It is one incident, since a store that is away holds up all of them. */
@Injectable()
export class BacklogIncidents implements OnModuleInit {
  constructor(
    private readonly monitor: IncidentMonitor,
    private readonly config: AppConfig,
    private readonly backlog: UploadBacklogRepository,
  ) {}

  onModuleInit(): void {
    this.monitor.register({ kind: 'upload_backlog', find: (now, manager) => this.find(now, manager) });
  }

  private async find(now: Date, manager: EntityManager): Promise<Condition[]> {
    const allowedMs = this.config.upload.backlogAfterSec * 1_000;
    const found = await this.backlog.find(manager, new Date(now.getTime() - allowedMs));
    if (!found) return [];
    const { count, oldestEndAt } = found;
    const wait = count === 1 ? '1 recording waits' : `${count} recordings wait`;
    return [
      {
        subject: {},
        since: new Date(oldestEndAt.getTime() + allowedMs),
        detail: `${wait} to be stored, the oldest since ${oldestEndAt.toISOString()}.`,
      },
    ];
  }
}
