import { performance } from 'node:perf_hooks';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { NodeIdentity } from '../cluster/index.js';
import { type Condition, IncidentMonitor } from '../incident/index.js';
import { findStalled } from './domain/stalled.js';
import { RecordingLives } from './recording-lives.js';

const DETAIL =
  'This recording gets no more footage although its camera has not failed: look at the disk and the log of its recorder.';

/** Tells the monitor of recordings that run here and have stopped getting footage. */
@Injectable()
export class StalledRecordings implements OnModuleInit {
  constructor(
    private readonly monitor: IncidentMonitor,
    private readonly node: NodeIdentity,
    private readonly config: AppConfig,
    private readonly lives: RecordingLives,
  ) {}

  onModuleInit(): void {
    const { nodeId } = this.node;
    this.monitor.register({ kind: 'recording_stalled', nodeId, find: async (now) => this.find(now) });
  }

  private find(now: Date): Condition[] {
    const { stallTimeoutMs } = this.config.recording;
    const times = { nowMs: now.getTime(), monotonicMs: performance.now(), stallTimeoutMs };
    return findStalled(this.lives.running, times).map(({ playbackId, cameraId, sinceMs }) => ({
      subject: { playbackId, cameraId },
      since: new Date(sinceMs),
      detail: DETAIL,
    }));
  }
}
