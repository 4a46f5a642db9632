import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Condition, IncidentMonitor } from '../incident/index.js';
import { RoomRepository } from './room.repository.js';

const GIB = 1024 ** 3;
/** More than a person reads. */
const HOLDERS_TOLD = 10;

/** Tells the monitor when room is wanted and nothing more may go, and what takes it. */
@Injectable()
export class RetentionIncidents implements OnModuleInit {
  constructor(
    private readonly monitor: IncidentMonitor,
    private readonly room: RoomRepository,
  ) {}

  onModuleInit(): void {
    this.monitor.register({ kind: 'retention_blocked', find: (_now, manager) => this.find(manager) });
  }

  private async find(manager: EntityManager): Promise<Condition[]> {
    const shortages = await this.room.findShortages(manager);
    if (shortages.length === 0) return [];
    const largest = await this.room.findUsage(manager, HOLDERS_TOLD);
    // Then the disk is full of what is not ours, which is told as `disk_low`.
    if (largest.length === 0) return [];
    const holders = largest.map(({ cameraName, kind, bytes }) => `${cameraName} (${kind}) ${formatGib(bytes)}`);
    const since = new Date(Math.min(...shortages.map((shortage) => shortage.since.getTime())));
    const short = shortages.map(({ place, shortBytes }) => `${formatGib(shortBytes)} too much (${place})`).join(', ');
    const detail = `Nothing more may be deleted, and there is ${short}: what is left is held, younger than it must be kept, or kept for ever. The most is taken by ${holders.join(', ')}.`;
    return [{ subject: {}, since, detail }];
  }
}

function formatGib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
