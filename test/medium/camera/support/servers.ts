import { createServer, type Server, type Socket } from 'node:net';

export interface TestServer {
  port: number;
  stop(): Promise<void>;
}

/** Listens on a free port of the loopback; `stop` ends every connection too. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<TestServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      sockets.forEach((socket) => socket.destroy());
    });
  return { port: address.port, stop };
}

/** A server that does with every connection what a broken device would. */
export const startRawServer = (onConnection: (socket: Socket) => void, host?: string): Promise<TestServer> =>
  listen(createServer(onConnection), host);

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const { port, stop } = await startRawServer(() => undefined);
  await stop();
  return port;
}
