import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Condition, IncidentMonitor } from '../incident/index.js';
import { type SilentCamera, SilentCamerasRepository } from './silent-cameras.repository.js';

/** Tells the monitor of cameras that are wanted and give nothing. */
@Injectable()
export class CameraIncidents implements OnModuleInit {
  constructor(
    private readonly monitor: IncidentMonitor,
    private readonly cameras: SilentCamerasRepository,
  ) {}

  onModuleInit(): void {
    this.monitor.register({
      kind: 'camera_silent',
      find: async (_now, manager) => (await this.cameras.find(manager)).map(toCondition),
    });
  }
}

/** The error's message is the one that a camera's status shows to every role. */
function toCondition({ cameraId, since, errorCode, errorMessage }: SilentCamera): Condition {
  const detail =
    errorCode === null
      ? 'The camera is being opened and has given no footage yet.'
      : `The camera gives no footage (${errorCode}): ${errorMessage ?? 'its recorder did not say why.'}`;
  return { subject: { cameraId }, since, detail };
}
