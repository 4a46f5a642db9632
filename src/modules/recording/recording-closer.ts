import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { AppLogger } from '../../common/logging.js';
import { type CameraCapture, CaptureFactory } from '../capture/index.js';
import { LogSweeper } from '../log-sweep/index.js';
import { NodeIdentity } from '../cluster/index.js';
import { persist } from '../database/index.js';
import { PlaybackRows } from '../catalogue/index.js';
import type { ActiveRecording } from './active-recording.js';
import { RecordingEnd } from './recording-end.js';

/** `reopened`: an event has joined at the last moment, so it goes on. */
export type CloseResult = 'closed' | 'reopened';

/** Ends a recording in the database, unless an event has joined at the last moment. */
@Injectable()
export class RecordingCloser {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly logger: AppLogger,
    private readonly node: NodeIdentity,
    private readonly captures: CaptureFactory,
    private readonly retention: LogSweeper,
    private readonly rows: PlaybackRows,
    private readonly end: RecordingEnd,
  ) {}

  /** Goes on until the database has taken it, or `signal` aborts. */
  async close(recording: ActiveRecording, capture: CameraCapture | null, signal: AbortSignal): Promise<CloseResult> {
    const { clock, logger } = this;
    await recording.begun;
    // Others may go on waiting for the camera: its present silence is this recording's gap too.
    capture?.flushInterruption();
    await this.captures.interruptionsSaved(recording.stream);
    return persist(() => this.closeOnce(recording), { clock, logger, signal });
  }

  /** Under the row's lock: an event may join at the last moment, and another recorder may have taken it over. */
  private async closeOnce(recording: ActiveRecording): Promise<CloseResult> {
    const result = await this.dataSource.transaction(async (manager): Promise<CloseResult> => {
      const row = await this.rows.findLocked(manager, recording.playbackId);
      if (row?.nodeId !== this.node.nodeId) {
        recording.abandon();
        return 'closed';
      }
      const hasFootage = recording.footageEndMs !== null;
      const rangeEndMs = row.rangeEndAt?.getTime() ?? null;
      // Its end has moved since it was told, or is still to come.
      const overMs = Math.min(recording.rangeEndMs ?? -Infinity, this.clock.nowMs());
      if (hasFootage && (rangeEndMs === null || rangeEndMs > overMs)) {
        recording.setRange(recording.rangeStartMs, rangeEndMs);
        return 'reopened';
      }
      await this.end.write(manager, recording);
      return 'closed';
    });
    if (recording.footageEndMs === null) this.retention.wake();
    return result;
  }
}
