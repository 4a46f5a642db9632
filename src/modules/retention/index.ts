/** What other modules may use of this one, beside its NestJS module. */
export { LogRetention } from './log-retention.service.js';
