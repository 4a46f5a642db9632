import { Injectable } from '@nestjs/common';
import type { EndReason } from '../../schema/playback-state.js';
import { NodeIdentity } from '../cluster/index.js';
import { type DueRecording, DueRecordingsRepository, type DueScope } from './due-recordings.repository.js';
import { RecorderCameras } from './recorder-cameras.js';
import { RecordingRepository } from './recording.repository.js';

/** The open recordings that concern this recorder: its own, those that nobody has taken, and what other recorders have left behind. */
@Injectable()
export class DueRecordings {
  /** Cameras that nobody owned at the last survey, though recordings of other recorders are open on them. */
  private strayIds: readonly string[] = [];

  constructor(
    private readonly node: NodeIdentity,
    private readonly cameras: RecorderCameras,
    private readonly rows: DueRecordingsRepository,
    private readonly recordings: RecordingRepository,
  ) {}

  /** Looks what other recorders have left behind, and ends what must end. */
  async survey(now: Date): Promise<void> {
    this.strayIds = await this.rows.findStrays(this.node.nodeId);
    await this.rows.closeOverdue(this.scope, now);
    await this.rows.closeDisarmed(this.scope, now);
  }

  /** The oldest first. */
  async find(): Promise<DueRecording[]> {
    return this.rows.find(this.scope);
  }

  /** Ends those of this recorder now. */
  async closeOwn(reason: EndReason, now: Date): Promise<void> {
    await this.recordings.closeAll(this.node.nodeId, reason, now);
  }

  private get scope(): DueScope {
    return { nodeId: this.node.nodeId, ownedIds: this.cameras.ownedIds, strayIds: this.strayIds };
  }
}
