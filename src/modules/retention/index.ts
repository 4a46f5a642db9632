/** What other modules may use of this one, beside its NestJS module. */
export { PlaybackRemoval } from './playback-removal.service.js';
