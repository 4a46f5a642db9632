import { once } from 'node:events';
import { connect } from 'node:net';
import type { VirtualCamera, VirtualCameraOptions } from '@hindsight/virtual-camera';
import { startVirtualCamera } from '@hindsight/virtual-camera';
import { expect } from '@jest/globals';
import { RtspClient, until } from './rtsp-client.js';

/** One camera and its clients. */
export class CameraBench {
  private readonly clients: RtspClient[] = [];

  private constructor(readonly camera: VirtualCamera) {}

  static async start(options: VirtualCameraOptions = {}): Promise<CameraBench> {
    return new CameraBench(await startVirtualCamera({ profile: 'h264-pcmu', gopSec: 0.4, ...options }));
  }

  async open(): Promise<RtspClient> {
    const client = await RtspClient.open(this.camera.rtspUrl);
    this.clients.push(client);
    return client;
  }

  /** A client that gets video. */
  async playing(): Promise<RtspClient> {
    const client = await this.open();
    expect((await client.play()).status).toBe(200);
    await until('media', () => client.mediaPackets > 0);
    return client;
  }

  /** What a new client is told of the first stream. */
  async describe(): Promise<{ status: number; body: string }> {
    return (await this.open()).request('DESCRIBE');
  }

  async stop(): Promise<void> {
    this.clients.forEach((client) => client.close());
    await this.camera.stop();
  }
}

/** Whether somebody listens on a port of this machine. */
export async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const listening = await Promise.race([
    once(socket, 'connect').then(() => true),
    new Promise<boolean>((resolve) => socket.once('error', () => resolve(false))),
  ]);
  socket.destroy();
  return listening;
}
