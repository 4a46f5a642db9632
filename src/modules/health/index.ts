/** What other modules may use of this one, beside its NestJS module. */
export { HealthService } from './health.service.js';
export { measureRequests } from './http-metrics.js';
export { Metrics } from './metrics.js';
