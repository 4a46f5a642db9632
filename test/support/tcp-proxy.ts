import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../../tools/free-port.js';

/** `refused`: nobody listens. `silent`: connections stay open, or are taken, and nothing passes any more: a cable that was pulled. */
export type ProxyMode = 'open' | 'refused' | 'silent';

/** Stands between a client and a server of ours, so that the server can be away for that client alone. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private mode: ProxyMode = 'open';
  port = 0;

  private constructor(
    private readonly targetHost: string,
    private readonly targetPort: number,
  ) {}

  static async start(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new TcpProxy(hostname, Number(port));
    await proxy.listen();
    return proxy;
  }

  /** The same address, by way of this proxy. */
  through(url: string): string {
    const changed = new URL(url);
    changed.host = `127.0.0.1:${this.port}`;
    return changed.href;
  }

  async set(mode: ProxyMode): Promise<void> {
    this.mode = mode;
    if (mode === 'refused') await this.stop();
    else if (!this.server) await this.listen();
    if (mode === 'silent') for (const socket of this.sockets) socket.pause().unpipe();
    if (mode === 'open') this.hangUp(); // what was silent has lost its place
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = null;
    const closed = server && once(server, 'close');
    server?.close();
    this.hangUp();
    await closed;
  }

  private hangUp(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  private async listen(): Promise<void> {
    this.port ||= await freePort();
    this.server = createServer((client) => this.take(client)).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  private take(client: Socket): void {
    this.keep(client);
    if (this.mode === 'silent') return;
    const target = connect(this.targetPort, this.targetHost);
    this.keep(target);
    client.pipe(target).pipe(client);
    client.once('close', () => target.destroy());
    target.once('close', () => client.destroy());
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined); // either side may go at any time
    socket.once('close', () => this.sockets.delete(socket));
  }
}
