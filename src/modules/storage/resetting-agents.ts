import http from 'node:http';
import https from 'node:https';
import { Socket, type TcpSocketConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * A connection that is reset, not closed, when it is given up with a request on it. Closed ones go on sending what the kernel has taken of
 * the request, some MiB: seconds of a slow line, in which what is to be sent instead waits.
 */
class ResettingSocket extends Socket {
  /** Nobody waits for an answer on it. */
  isIdle = false;
  private isResetting = false;
  private reason: Error | undefined;

  override destroy(error?: Error): this {
    this.reason ??= error;
    const isClosed = this.isIdle || this.connecting || this.writableEnded || this.destroyed;
    if (isClosed || this.isResetting) return super.destroy(this.reason);
    this.isResetting = true;
    return this.resetAndDestroy(); // it comes back to this method, without the reason
  }
}

/** The plain connection below one that the agent made. */
const lines = new WeakMap<Duplex, ResettingSocket>();

function connectLine(options: http.ClientRequestArgs): ResettingSocket {
  // As `net.connect` does it.
  return new ResettingSocket(options).connect(options as TcpSocketConnectOpts);
}

function setIdle(socket: Duplex, isIdle: boolean): void {
  const line = lines.get(socket);
  if (line) line.isIdle = isIdle;
}

/** Keeps connections, and resets those whose request is given up. */
export class ResettingHttpAgent extends http.Agent {
  override createConnection(options: http.ClientRequestArgs): Duplex {
    const line = connectLine(options);
    lines.set(line, line);
    return line;
  }

  override keepSocketAlive(socket: Duplex): void {
    setIdle(socket, true);
    return super.keepSocketAlive(socket);
  }

  override reuseSocket(socket: Duplex, request: http.ClientRequest): void {
    setIdle(socket, false);
    super.reuseSocket(socket, request);
  }
}

/** The same for TLS. */
export class ResettingHttpsAgent extends https.Agent {
  override createConnection(options: https.RequestOptions): Duplex {
    const line = connectLine(options);
    // TLS reports what fails on it, and takes it down with itself.
    line.on('error', () => undefined);
    const socket = super.createConnection({ ...options, socket: line } as https.RequestOptions)!;
    lines.set(socket, line);
    return socket;
  }

  override keepSocketAlive(socket: Duplex): void {
    setIdle(socket, true);
    return super.keepSocketAlive(socket);
  }

  override reuseSocket(socket: Duplex, request: http.ClientRequest): void {
    setIdle(socket, false);
    super.reuseSocket(socket, request);
  }
}
