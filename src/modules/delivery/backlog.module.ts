import { Module } from '@nestjs/common';
import { BacklogIncidents } from './backlog-incidents.js';
import { UploadBacklogRepository } from './upload-backlog.repository.js';

/** Watches what waits to be stored, in every process: also while no recorder runs. Takes AppConfig and IncidentMonitor from global modules. */
@Module({ providers: [BacklogIncidents, UploadBacklogRepository] })
export class BacklogModule {}
