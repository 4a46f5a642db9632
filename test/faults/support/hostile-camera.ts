import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

const HEAD_LINES = 27_000;
const BODY_BYTES = 60_000;

export interface HostileCamera {
  rtspUrl: string;
  /** How often it was asked. */
  conversations(): number;
  stop(): Promise<void>;
}

/** A camera that answers byte by byte: by turns a head of 27,000 lines, and a long body behind a head that is as long as it may be. */
export async function startHostileCamera(): Promise<HostileCamera> {
  const sockets = new Set<Socket>();
  let conversations = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    const answer = conversations % 2 === 0 ? longHead() : longBody();
    conversations += 1;
    socket.once('data', () => drip(socket, answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    rtspUrl: `rtsp://127.0.0.1:${port}/main`,
    conversations: () => conversations,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const longHead = () => Buffer.from(`RTSP/1.0 200 OK\r\n${'a:\r\n'.repeat(HEAD_LINES)}Content-Length: 9\r\n\r\n`);
const longBody = () =>
  Buffer.from(
    `RTSP/1.0 200 OK\r\n${'a:\r\n'.repeat(90)}Content-Length: ${BODY_BYTES}\r\n\r\n${'x'.repeat(BODY_BYTES)}`,
  );

/** As fast as they go, but each in a packet of its own. */
function drip(socket: Socket, answer: Buffer): void {
  let at = 0;
  const send = () => {
    if (socket.destroyed || at === answer.length) return;
    at += 1;
    socket.write(answer.subarray(at - 1, at), () => setImmediate(send));
  };
  send();
}
