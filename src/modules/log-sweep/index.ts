/** What other modules may use of this one, beside its NestJS module. */
export { LogSweeper } from './log-sweeper.service.js';
