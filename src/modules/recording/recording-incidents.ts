import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Condition, IncidentMonitor } from '../incident/index.js';
import { type StuckRecording, StuckRecordingsRepository } from './stuck-recordings.repository.js';

/** Tells the monitor of recordings that do not begin and of those that do not end: every process sees it by their rows, also while no recorder runs. */
@Injectable()
export class RecordingIncidents implements OnModuleInit {
  constructor(
    private readonly monitor: IncidentMonitor,
    private readonly recordings: StuckRecordingsRepository,
  ) {}

  onModuleInit(): void {
    this.monitor.register({
      kind: 'recording_not_started',
      find: async (_now, manager) =>
        (await this.recordings.findNotStarted(manager)).map((one) => toCondition(one, detailOfWaiting(one))),
    });
    this.monitor.register({
      kind: 'recording_overdue',
      find: async (now, manager) =>
        (await this.recordings.findOverdue(manager, now)).map((one) => toCondition(one, detailOfOverdue(one))),
    });
  }
}

function toCondition({ playbackId, cameraId, since }: StuckRecording, detail: string): Condition {
  return { subject: { playbackId, cameraId }, since, detail };
}

function detailOfWaiting({ nodeId }: StuckRecording): string {
  return nodeId === null
    ? 'No recorder has taken this recording yet: none runs, or all slots are taken.'
    : 'A recorder has taken this recording and has got no footage for it yet.';
}

function detailOfOverdue({ since }: StuckRecording): string {
  return `This recording was to end at ${since.toISOString()} and is still not over.`;
}
