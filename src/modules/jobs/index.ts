/** What other modules may use of this one, beside its NestJS module. */
export { migrateQueue } from './graphile.queue.js';
export { exportKey, finaliseKey, objectDeleteKey } from './job-catalogue.js';
export { JobHandlers, JobQueue, type JobContext } from './job-queue.port.js';
