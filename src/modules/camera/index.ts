/** What other modules may use of this one, beside its NestJS module. */
export { CameraStatusRepository } from './camera-status.repository.js';
export { CameraRules } from './camera-rules.js';
export { CameraRepository } from './camera.repository.js';
export type { StreamInfo } from './domain/sdp.js';
export { maskFor } from './domain/stream-mask.js';
export { buildStreamUrl } from './domain/stream-url.js';
export { describeStream } from './rtsp-describe.client.js';
export { StreamLocator } from './stream-locator.service.js';
export { WarmCameraRepository, type WarmCamera } from './warm-camera.repository.js';
