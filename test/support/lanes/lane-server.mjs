import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, cpus, getPriority } from 'node:os';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

/** Of all cores: the rest is for the database, and for what a file's average does not show. */
const SHARE = 0.85;
/** A file that was passed over so often is the next one. */
const MOST_PASSES = 4;
/**
 * What a file takes on average is known from a run by itself; how fast this machine is, and who else is on it, is not. So as long as
 * anything runs, the next one also waits until the cores that it takes, and these, have been idle.
 */
const SPARE_CORES = 0.3;
const SAMPLE_MS = 1_000;
/** Over so many samples, all of the time since what runs was started. Who has ended meanwhile counts as busy in them. */
const SAMPLES = 4;
/** What an FFmpeg at a low priority (nice 10) leaves of its core to a test that wants it. Where the tests have a low priority themselves, nothing. */
const LEFT_BY_NICE = getPriority() > 0 ? 0 : 0.9;

/**
 * Lets test files run side by side as long as the processor has room for all of them. Each asks over a connection of its own, saying how
 * many cores it takes on average, and keeps its place until the connection ends; before that it tells what it really took.
 */
export class LaneServer {
  #cores = availableParallelism() * SHARE;
  #busy = new Set();
  #queue = [];
  #times = {};
  #idle = new IdleCores();
  #timer = null;
  #server = createServer((socket) => this.#serve(socket));

  /** @param path of the Unix socket */
  async listen(path) {
    await new Promise((resolve, reject) => this.#server.once('error', reject).listen(path, resolve));
    this.#timer = setInterval(() => {
      this.#idle.sample();
      this.#admit();
    }, SAMPLE_MS);
  }

  /** @param file where to write what each test file took, in seconds: `{path: {wall, cpu, waited}}` */
  async close(file) {
    this.#server.close();
    clearInterval(this.#timer);
    if (Object.keys(this.#times).length === 0) return;
    const sorted = Object.fromEntries(Object.entries(this.#times).sort(([a], [b]) => (a < b ? -1 : 1)));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(sorted, null, 2)}\n`);
  }

  #serve(socket) {
    const place = { cores: 0, passes: 0, startedMs: 0, start: () => socket.write('go\n') };
    createInterface({ input: socket }).on('line', (line) => {
      const { cores, path, ...took } = JSON.parse(line);
      if (path !== undefined) this.#times[path] = took;
      if (path !== undefined) return;
      // Infinity is no JSON.
      place.cores = Math.min(cores ?? Infinity, this.#cores);
      this.#queue.push(place);
      this.#admit();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#busy.delete(place);
      this.#queue = this.#queue.filter((each) => each !== place);
      this.#admit();
    });
  }

  #admit() {
    let free = this.#cores;
    for (const { cores } of this.#busy) free -= cores;
    const waiting = [];
    let isBlocked = false;
    for (const place of this.#queue) {
      const isIdle = this.#busy.size === 0 || place.cores + SPARE_CORES <= this.#idle.coresSince(this.#lastStartMs);
      if (!isBlocked && isIdle && place.cores <= free + 1e-9) {
        free -= place.cores;
        place.startedMs = performance.now();
        this.#busy.add(place);
        for (const passed of waiting) passed.passes += 1;
        place.start();
      } else {
        waiting.push(place);
        isBlocked ||= place.passes >= MOST_PASSES;
      }
    }
    this.#queue = waiting;
  }

  /** Of those that run. */
  get #lastStartMs() {
    return Math.max(...[...this.#busy].map(({ startedMs }) => startedMs));
  }
}

/** How many cores of the machine had nothing to do of late. */
class IdleCores {
  #samples = [];

  /** 0 as long as it is not known. */
  coresSince(ms) {
    const [first, last] = [this.#samples.at(-1 - SAMPLES), this.#samples.at(-1)];
    if (first === undefined || first.atMs < ms) return 0;
    return (last.idleMs - first.idleMs) / (last.atMs - first.atMs);
  }

  sample() {
    const idleMs = cpus().reduce((sum, { times }) => sum + times.idle + times.nice * LEFT_BY_NICE, 0);
    this.#samples.push({ idleMs, atMs: performance.now() });
    if (this.#samples.length > SAMPLES + 1) this.#samples.shift();
  }
}
