import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

/** A bucket's public address with the CORS rule of docs/streaming.md. */
export class CorsProxy {
  private readonly server: Server;

  private constructor(target: () => string) {
    this.server = createServer((request, response) => {
      response.setHeader('access-control-allow-origin', '*');
      response.setHeader('access-control-expose-headers', 'Content-Length, Content-Range, ETag');
      if (request.method === 'OPTIONS') {
        response.writeHead(204, {
          'access-control-allow-methods': 'GET, HEAD',
          'access-control-allow-headers': 'Range',
        });
        return void response.end();
      }
      const { range } = request.headers;
      fetch(`${target()}${request.url}`, range === undefined ? {} : { headers: { range } }).then(
        ({ status, headers, body }) => {
          const passed = ['content-type', 'content-length', 'content-range', 'etag'].flatMap((name) => {
            const value = headers.get(name);
            return value === null ? [] : [[name, value] as const];
          });
          response.writeHead(status, Object.fromEntries(passed));
          if (body) Readable.fromWeb(body).pipe(response);
          else response.end();
        },
        () => response.destroy(),
      );
    });
  }

  static async start(target: () => string): Promise<CorsProxy> {
    const proxy = new CorsProxy(target);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
