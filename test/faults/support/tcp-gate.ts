import { once } from 'node:events';
import { createServer, type Server, type Socket, connect } from 'node:net';

/** A port that leads to another one on this machine and can be shut: for its clients the server behind it is away. */
export class TcpGate {
  private readonly sockets = new Set<Socket>();
  private open = true;

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
    readonly port: number,
  ) {
    server.on('connection', (socket: Socket) => this.take(socket));
  }

  static async to(targetPort: number): Promise<TcpGate> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpGate(server, targetPort, (server.address() as { port: number }).port);
  }

  /** Cuts what goes through and lets nothing more in. */
  shut(): void {
    this.open = false;
    for (const socket of this.sockets) socket.destroy();
  }

  reopen(): void {
    this.open = true;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.shut();
    await closed;
  }

  private take(near: Socket): void {
    if (!this.open) {
      near.destroy();
      return;
    }
    const far = connect(this.targetPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy()); // the other side learns of it by its own end
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}
