import { createRequire } from 'node:module';

/** The ffprobe that tests judge files with. It is linked statically: a distribution's takes twenty times as long to start. */
export const FFPROBE = (createRequire(import.meta.url)('@ffprobe-installer/ffprobe') as { path: string }).path;
