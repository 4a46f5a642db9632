import { once } from 'node:events';
import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.js';

const RETRY_MS = 100;

/** The port of a server: it can be closed for new connections and opened again, while open connections go on. */
export class ListeningPort {
  private port = 0;
  private isWanted = false;
  private opening: Promise<void> | undefined;

  constructor(
    private readonly server: Server,
    private readonly host: string,
  ) {}

  /** Listens on `port`, 0 for any, and returns the port. */
  async open(port: number): Promise<number> {
    this.isWanted = true;
    this.port = port || (await freePort());
    await this.listen(this.port);
    return this.port;
  }

  /** Listens on the same port again. When another program has got it meanwhile, it waits until that is gone. */
  async reopen(): Promise<void> {
    this.isWanted = true;
    this.opening ??= this.keepTrying().finally(() => (this.opening = undefined));
    await this.opening;
  }

  /** Closes it at once; resolves when it stays closed. */
  async close(): Promise<void> {
    this.isWanted = false;
    if (this.server.listening) this.server.close();
    await this.opening;
  }

  private async keepTrying(): Promise<void> {
    while (this.isWanted && !this.server.listening) {
      try {
        await this.listen(this.port);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
        await sleep(RETRY_MS);
      }
    }
    // It was closed while it was being opened.
    if (!this.isWanted && this.server.listening) this.server.close();
  }

  private async listen(port: number): Promise<void> {
    this.server.listen(port, this.host);
    await once(this.server, 'listening');
  }
}
