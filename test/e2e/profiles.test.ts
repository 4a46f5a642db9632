import { mainJob } from './support/main-job.js';

mainJob("the main job, with every kind of camera at once, by the system's FFmpeg", { source: 'PATH' });
