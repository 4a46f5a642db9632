import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { CameraInputError } from '../faults/input.js';
import { ListeningPort } from '../listening-port.js';
import { RebootInProgressError } from '../reboot.js';

const MAX_BODY_BYTES = 64 * 1024;

export interface ControlRequest {
  query: URLSearchParams;
  /** The JSON of the body; undefined when there is none. */
  body: unknown;
}

export interface ControlAnswer {
  status?: number;
  body: unknown;
}

/** Routes by method and path, as `GET /faults`. */
export type ControlRoutes = Readonly<
  Record<string, (request: ControlRequest) => ControlAnswer | Promise<ControlAnswer>>
>;

/** An answer that is no success, with its reason. */
class ControlError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The HTTP API of one camera: JSON in and out, `{"error": …}` when something is wrong. */
export class ControlServer {
  private readonly server: Server;
  private readonly port: ListeningPort;
  private routes: ControlRoutes = {};

  constructor(private readonly host = '127.0.0.1') {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch(() => response.destroy());
    });
    this.port = new ListeningPort(this.server, host);
  }

  /** Listens on `port`, 0 for any, and returns the URL. */
  async start(routes: ControlRoutes, port: number): Promise<string> {
    this.routes = routes;
    const opened = await this.port.open(port);
    return `http://${this.host === '0.0.0.0' ? '127.0.0.1' : this.host}:${opened}`;
  }

  async stop(): Promise<void> {
    const closed = this.server.listening ? once(this.server, 'close') : undefined;
    await this.port.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status = 200, body } = await this.perform(request).catch(explain);
    const json = `${JSON.stringify(body)}\n`;
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(json);
  }

  private async perform(request: IncomingMessage): Promise<ControlAnswer> {
    // A web page that somebody looks at on this machine may not switch the camera.
    if (request.headers.origin !== undefined) throw new ControlError(403, 'Not for browsers');
    const url = new URL(request.url ?? '/', 'http://camera');
    const route = this.findRoute(request.method ?? '', url.pathname);
    return route({ query: url.searchParams, body: await readJson(request) });
  }

  private findRoute(method: string, path: string): ControlRoutes[string] {
    const key = `${method} ${path}`;
    const route = Object.hasOwn(this.routes, key) ? this.routes[key] : undefined;
    if (route) return route;
    const known = Object.keys(this.routes);
    const isPath = known.some((each) => each.endsWith(` ${path}`));
    throw new ControlError(isPath ? 405 : 404, `No ${key}; there are: ${known.join(', ')}`);
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // To leave the loop would cut the connection before the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new ControlError(413, `The body is longer than ${MAX_BODY_BYTES} bytes`);
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch (error) {
    throw new ControlError(400, `The body is no JSON: ${(error as Error).message}`);
  }
}

function explain(error: unknown): ControlAnswer {
  return { status: statusOf(error), body: { error: error instanceof Error ? error.message : String(error) } };
}

function statusOf(error: unknown): number {
  if (error instanceof ControlError) return error.status;
  if (error instanceof CameraInputError) return 400;
  return error instanceof RebootInProgressError ? 409 : 500;
}
