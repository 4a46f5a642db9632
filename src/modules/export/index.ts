/** What other modules may use of this one, beside its NestJS module. */
export { ExportService } from './export.service.js';
