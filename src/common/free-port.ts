import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Ports from `from` up to, not including, `to`. */
export interface PortRange {
  from: number;
  to: number;
}

/**
 * Below the ports that a kernel gives to outgoing connections (32768 and up on Linux, 49152 elsewhere), and above those of well-known services:
 * whoever closes such a port for a moment finds it free again.
 */
const PORTS: PortRange = { from: 15_000, to: 18_000 };

/** A TCP port of the loopback interface that nobody listens on, and that a server can be restarted on. */
export async function freePort({ from, to }: PortRange = PORTS): Promise<number> {
  const size = to - from;
  const first = randomInt(size);
  for (let step = 0; step < size; step += 1) {
    const port = from + ((first + step) % size);
    if (await isFree(port)) return port;
  }
  throw new Error(`every port from ${from} to ${to - 1} is taken`);
}

/** Whether a server can listen on this port of the loopback interface. */
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
