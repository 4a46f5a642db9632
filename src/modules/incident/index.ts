/** What other modules may use of this one, beside its NestJS module. */
export type { Condition } from './domain/condition.js';
export { IncidentMonitor } from './incident-monitor.service.js';
