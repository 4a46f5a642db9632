import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MEASURED = JSON.parse(readFileSync(new URL('./file-times.json', import.meta.url), 'utf8'));

/** Where a run writes what its files took; `npm run test:times` makes that the measure of later runs. */
export const TIMES_FILE = `${ROOT}.cache/file-times.json`;
/** What a file is taken for that was never measured. */
const UNKNOWN = { wall: 30, cpu: 20 };
/** Files that assert milliseconds, or when a process dies: they need room for what is sudden. */
const PRECISE = [
  'test/faults/takeover',
  'test/faults/pre-roll',
  'test/faults/changes',
  'test/faults/hostile-neighbours',
  'test/faults/upload-slow-link',
  'test/faults/field/',
  'test/medium/capture/clock-jumps',
  'test/medium/capture/pre-roll',
  'test/medium/capture/camera-recovery',
  'test/e2e/profiles',
];
const PRECISE_CORES = 0.8;

/** A test file as the tables have it. @param path absolute */
export const nameOf = (path) => path.slice(ROOT.length);

/** How long it takes by itself, in seconds. */
export const secondsOf = (path) => (MEASURED[nameOf(path)] ?? UNKNOWN).wall;

/** How many cores it takes on average. */
export function coresOf(path) {
  const { wall, cpu } = MEASURED[nameOf(path)] ?? UNKNOWN;
  const cores = cpu / Math.max(wall, 1);
  return PRECISE.some((prefix) => nameOf(path).startsWith(prefix)) ? Math.max(cores, PRECISE_CORES) : cores;
}
