import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { TestEnvironment } from 'jest-environment-node';
import { coresOf, nameOf } from './file-times.mjs';

const TICKS_PER_SEC = 100;

/** Node's environment for a test file that waits until the processor has room for it, and tells what it took. */
export default class LaneEnvironment extends TestEnvironment {
  #path;
  #socket;
  #askedMs;
  #startMs;
  #startCpu;

  constructor(config, context) {
    super(config, context);
    this.#path = context.testPath;
  }

  async setup() {
    this.#askedMs = performance.now();
    this.#socket = await askForRoom(process.env.HINDSIGHT_TEST_LANES, coresOf(this.#path));
    this.#startMs = performance.now();
    this.#startCpu = cpuSeconds();
    await super.setup();
  }

  async teardown() {
    await super.teardown();
    const round = (seconds) => Math.round(seconds * 10) / 10;
    this.#socket?.end(
      `${JSON.stringify({
        path: nameOf(this.#path),
        wall: round((performance.now() - this.#startMs) / 1_000),
        cpu: round(cpuSeconds() - this.#startCpu),
        waited: round((this.#startMs - this.#askedMs) / 1_000),
      })}\n`,
    );
  }
}

/** @returns the connection that keeps the place */
async function askForRoom(path, cores) {
  const socket = connect(path);
  socket.write(`${JSON.stringify({ cores })}\n`);
  for await (const line of createInterface({ input: socket })) if (line === 'go') break;
  return socket;
}

/** Of this process and of the children that it has waited for, and theirs (proc(5): utime, stime, cutime, cstime). */
function cpuSeconds() {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SEC;
}
