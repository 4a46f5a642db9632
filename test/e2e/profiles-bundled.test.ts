import { createRequire } from 'node:module';
import { mainJob } from './support/main-job.js';

/** Of 2018, from the npm registry, for machines that have no other. */
const { path } = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string };

mainJob('the main job, with every kind of camera at once, by the FFmpeg that comes along', {
  path,
  source: 'FFMPEG_PATH',
});
