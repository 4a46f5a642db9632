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
  'test/medium/capture/clock-jumps',
  'test/medium/capture/pre-roll',
  'test/medium/capture/camera-recovery',
];
const PRECISE_CORES = 0.8;
/** The others need some too: what they take is an average. */
const LEAST_CORES = 0.5;
/** Many cameras at once, and FFmpeg beside each, or a service that starts again and again: they fill a small machine by themselves. */
const CROWDED = ['test/faults/field/field-table', 'test/faults/campaign', 'test/e2e/profiles'];

/** A test file as the tables have it. @param path absolute */
export const nameOf = (path) => path.slice(ROOT.length);

/** How long it takes by itself, in seconds. */
export const secondsOf = (path) => (MEASURED[nameOf(path)] ?? UNKNOWN).wall;

/** It waits until the processor has room for it. */
export const asksForRoom = (path) => !/^test\/(unit|contract)\//.test(nameOf(path));

/** It runs alone. */
export const isCrowded = (path) => CROWDED.some((prefix) => nameOf(path).startsWith(prefix));

/** How many cores it takes on average; Infinity: all there are. */
export function coresOf(path) {
  const name = nameOf(path);
  if (isCrowded(path)) return Infinity;
  const { wall, cpu } = MEASURED[name] ?? UNKNOWN;
  const isPrecise = PRECISE.some((prefix) => name.startsWith(prefix));
  return Math.max(cpu / Math.max(wall, 1), isPrecise ? PRECISE_CORES : LEAST_CORES);
}
