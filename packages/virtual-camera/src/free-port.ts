import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that a kernel gives to outgoing connections, so that whoever closes one for a moment finds it free again; and above
 * those that the service takes for a database of its own.
 */
const FROM = 18_000;
/** One slice for each worker of a test run, and one for everybody else: between a port being found and being used, nobody else finds it. */
const SLICE = 2_000;
const SLICES = 7;

const from = FROM + (Number(process.env['JEST_WORKER_ID'] ?? 0) % SLICES) * SLICE;
let next = randomInt(SLICE);

/** A TCP port of the loopback interface for a server to come. None is given twice before all others were, also to callers at once. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = from + next;
    next = (next + 1) % SLICE;
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
