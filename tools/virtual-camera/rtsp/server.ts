import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { onTick } from '../timeline.js';
import { RtspConnection } from './connection.js';
import type { RtspCamera } from './rtsp-camera.js';

/** RTSP server of one camera. */
export class RtspServer {
  private readonly server: Server;
  private readonly connections = new Set<RtspConnection>();
  private stopTicking: (() => void) | undefined;
  private port = 0;

  constructor(
    private readonly camera: RtspCamera,
    private readonly host: string,
  ) {
    this.server = createServer((socket) => {
      const connection = new RtspConnection(socket, camera);
      this.connections.add(connection);
      camera.stats.connectionsOpen++;
      this.stopTicking ??= onTick((now) => this.connections.forEach((each) => each.tick(now)));
      socket.once('close', () => this.forget(connection));
    });
  }

  /** Listens on `port`, 0 for any, and returns the port. */
  async listen(port: number): Promise<number> {
    this.server.listen(port, this.host);
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
    return this.port;
  }

  /** Closes the port for new connections, or opens the same one again. */
  async refuse(refusing: boolean): Promise<void> {
    this.camera.faults.refusing = refusing;
    if (refusing && this.server.listening) this.server.close();
    if (!refusing && !this.server.listening) await this.listen(this.port);
  }

  /** Closes all connections. */
  drop(): void {
    for (const connection of this.connections) connection.destroy();
  }

  async stop(): Promise<void> {
    const closed = [...this.connections].map((connection) => connection.closed);
    this.drop();
    if (this.server.listening) this.server.close();
    await Promise.all(closed);
  }

  private forget(connection: RtspConnection): void {
    this.connections.delete(connection);
    this.camera.stats.connectionsOpen--;
    if (this.connections.size > 0) return;
    this.stopTicking?.();
    this.stopTicking = undefined;
  }
}
