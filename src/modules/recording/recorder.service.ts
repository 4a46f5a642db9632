import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { Ownership } from '../cluster/index.js';
import { NotificationListener } from '../database/index.js';
import { parseNotice } from './domain/recording-notice.js';
import { FinaliseJobs } from './finalise-jobs.js';
import { Handover, RELEASED } from './handover.js';
import { RecorderCameras } from './recorder-cameras.js';
import { RecorderReconciler } from './recorder-reconciler.js';
import { RecordingLives } from './recording-lives.js';

/**
 * Runs the recordings of this node, from its start to its stop.
 * The rows are the truth; a notification only says that it is worth looking at them now.
 */
@Injectable()
export class RecorderService implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: AppConfig,
    private readonly notifications: NotificationListener,
    private readonly ownership: Ownership,
    private readonly reconciler: RecorderReconciler,
    private readonly lives: RecordingLives,
    private readonly cameras: RecorderCameras,
    private readonly jobs: FinaliseJobs,
    private readonly handover: Handover,
  ) {}

  /** Before the queue takes its first job: one that it had taken would be doubled. */
  async onModuleInit(): Promise<void> {
    await this.jobs.enqueueOwn();
  }

  async onApplicationBootstrap(): Promise<void> {
    const { reconciler } = this;
    await this.ownership.start(() => this.ownershipChanged());
    this.notifications.listen('hindsight_recordings', (payload) => this.hear(payload));
    this.timer = setInterval(() => reconciler.reconcile(), this.config.recording.reconcileMs);
    reconciler.start();
  }

  /** Stops capturing; open recordings keep their rows, for another recorder or the next start. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.reconciler.stop();
    this.ownership.abandonAll();
    await this.ended();
    await this.reconciler.quiet(); // captures have ended by now
    await this.ended();
    await this.cameras.finish();
    await this.handover.release();
  }

  /** What is no notice of a recording changes more: a camera, a recorder, or, after a pause of the connection, anything. */
  private hear(payload: string | null): void {
    const notice = parseNotice(payload);
    if (notice) return this.reconciler.hear(notice);
    if (payload === RELEASED) this.ownership.forgetOthers();
    this.reconciler.reconcile();
  }

  private async ended(): Promise<void> {
    this.leaveLost();
    await this.lives.ended();
    await this.cameras.idle();
  }

  private ownershipChanged(): void {
    this.leaveLost();
    this.cameras.killLost();
    this.reconciler.reconcile();
  }

  private leaveLost(): void {
    this.cameras.leaveLost();
    this.lives.leaveLost();
  }
}
