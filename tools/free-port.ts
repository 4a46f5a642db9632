import { freePort as freePortOf, isFree } from '../src/common/free-port.js';

/** Above those that the service takes for a database of its own. */
const FROM = 18_000;
/** One slice for each worker of a test run, and one for everybody else: between a port being found and being used, nobody else finds it. */
const SLICE = 2_000;
const SLICES = 7;

const from = FROM + (Number(process.env['JEST_WORKER_ID'] ?? 0) % SLICES) * SLICE;
let last: number | null = null;

/** A TCP port of the loopback interface for a server to come. None is given twice before all others were. */
export async function freePort(): Promise<number> {
  if (last === null) return (last = await freePortOf({ from, to: from + SLICE }));
  do last = from + ((last + 1 - from) % SLICE);
  while (!(await isFree(last)));
  return last;
}
