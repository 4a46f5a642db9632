/** What other modules may use of this one, beside its NestJS module. */
export { RecordingService } from './recording.service.js';
