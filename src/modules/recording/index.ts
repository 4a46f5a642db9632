/** What other modules may use of this one, beside its NestJS module. */
export { RecordingService } from './recording.service.js';
export { DISARMED, NO_CAMERA, QUEUE_FULL, STOPPING } from './trigger-problems.js';
