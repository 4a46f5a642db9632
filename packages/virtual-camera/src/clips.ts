/** What the cameras send, as files: for those who compare it with what was stored. */
export { encodeAudio, encodeVideo } from './clip/encode.js';
export { VIDEO_DEFAULTS, loopSec } from './clip/parameters.js';
export type { VideoParameters } from './clip/parameters.js';
export { planStreams } from './options.js';
