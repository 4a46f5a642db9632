/** What other modules may use of this one, beside its NestJS module. */
export { CameraCapture } from './camera-capture.js';
export { CaptureFactory } from './capture-factory.js';
export { CapturePool, type CaptureClient, type CaptureHold } from './capture-pool.service.js';
export { type CaptureFailure, failureWith } from './domain/failure.js';
export { RecordingAdmission } from './recording-admission.js';
export { WarmCameras } from './warm-cameras.service.js';
