import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { TestServer } from './servers.js';

const LISTENER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    // Blocked for good: nothing is accepted any more.
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/** A port that swallows connections: a listener that accepts nothing, with its queue filled up, so that the kernel drops every SYN. */
export async function startBlackHole(): Promise<TestServer> {
  const worker = new Worker(LISTENER, { eval: true });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const fillers: Socket[] = [];
  const stop = async () => {
    fillers.forEach((socket) => socket.destroy());
    await worker.terminate();
  };
  for (let i = 0; i < 32; i++) {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => socket.destroy());
    fillers.push(socket);
    const connected = new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true)));
    if (!(await Promise.race([connected, delay(300, false)]))) return { port, stop };
  }
  await stop();
  throw new Error('the queue of connections has no end here');
}
