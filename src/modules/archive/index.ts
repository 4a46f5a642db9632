/** What other modules may use of this one, beside its NestJS module. */
export { FOOTAGE_PREFIX, type FootageKey, formatFootageKey, parseFootageKey } from './domain/footage-key.js';
