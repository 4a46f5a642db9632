/** What other modules may use of this one, beside its NestJS module. */
export { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.process.js';
export { freeLockSql, LockSession } from './lock-session.js';
export { NotificationListener, notify } from './notifications.js';
export { persist } from './persist.js';
