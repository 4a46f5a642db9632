/** What other modules may use of this one, beside its NestJS module. */
export { InterruptionRepository, type NotedInterruption } from './interruption.repository.js';
export { PlaybackRows, WITH_NODE } from './playback-row.repository.js';
export { PlaybackStateRepository } from './playback-state.repository.js';
export { ProgressRepository, type ProgressRow } from './progress.repository.js';
