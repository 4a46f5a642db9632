import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that a kernel gives to outgoing connections (32768 and up on Linux, 49152 elsewhere), and above those of well-known services:
 * whoever closes such a port for a moment finds it free again.
 */
const PORTS = { from: 15_000, to: 32_000 };

/** A TCP port of the loopback interface that nobody listens on, and that a server can be restarted on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    const server = createServer();
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    } catch {
      continue; // taken
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
