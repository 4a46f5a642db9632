/** What other modules may use of this one, beside its NestJS module. */
export { ExportRuns } from './export-runs.service.js';
export { ProcessingRepository, type ProcessingElsewhere } from './processing.repository.js';
export { UploadEngine } from './upload-engine.service.js';
export { UploadRepository } from './upload.repository.js';
