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
  /** What is written and ended by its user: TLS over it, or itself. */
  user: Duplex = this;
  private isResetting = false;
  private reason: Error | undefined;

  override destroy(error?: Error): this {
    this.reason ??= error;
    const isClosed = this.isIdle || this.connecting || this.user.writableEnded || this.destroyed;
    if (isClosed || this.isResetting) return super.destroy(this.reason);
    this.isResetting = true;
    return this.resetAndDestroy(); // it comes back to this method, without the reason
  }
}

/** The plain connection below one that an agent made. */
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

type Created = (error: Error | null, socket: Duplex) => void;

/** The same for TLS. */
export class ResettingHttpsAgent extends https.Agent {
  /** @param connectMs a connection that takes longer is given up */
  constructor(
    options: https.AgentOptions,
    private readonly connectMs: number,
  ) {
    super(options);
  }

  /** TLS begins when there is a connection: while one is made, Node may try several addresses, each with a handle of its own. */
  override createConnection(options: https.RequestOptions, created?: Created): undefined {
    const line = connectLine(options);
    const fail = (error: Error) => created?.(error, line);
    const slow = setTimeout(() => line.destroy(new Error(`no connection within ${this.connectMs} ms`)), this.connectMs);
    line.once('close', () => clearTimeout(slow));
    line.once('error', fail);
    line.once('connect', () => {
      clearTimeout(slow);
      line.off('error', fail);
      // TLS reports what fails on it, and takes it down with itself.
      line.on('error', () => undefined);
      const socket = super.createConnection({ ...options, socket: line } as https.RequestOptions)!;
      line.user = socket;
      lines.set(socket, line);
      created?.(null, socket);
    });
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
