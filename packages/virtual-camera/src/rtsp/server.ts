import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { ListeningPort } from '../listening-port.js';
import { onTick } from '../timeline.js';
import { RtspConnection } from './connection.js';
import type { RtspCamera } from './rtsp-camera.js';

/** RTSP server of one camera. */
export class RtspServer {
  private readonly server: Server;
  readonly port: ListeningPort;
  private readonly connections = new Set<RtspConnection>();
  private stopTicking: (() => void) | undefined;

  constructor(
    private readonly camera: RtspCamera,
    host: string,
  ) {
    this.server = createServer((socket) => {
      const connection = new RtspConnection(socket, camera);
      this.connections.add(connection);
      camera.stats.connectionsOpen++;
      this.stopTicking ??= onTick((now) => this.connections.forEach((each) => each.tick(now)));
      socket.once('close', () => this.forget(connection));
    });
    this.port = new ListeningPort(this.server, host);
  }

  /** Closes all connections; `reset` does it as a device that has lost its power and does not know them any more. */
  drop(how: 'close' | 'reset' = 'close'): void {
    for (const connection of this.connections) connection.destroy(how);
  }

  async stop(): Promise<void> {
    const closed = [...this.connections].map((connection) => connection.closed);
    this.drop();
    await this.port.close();
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
