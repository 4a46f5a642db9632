import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, LookupFunction, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { generate } from 'selfsigned';
import { ResettingHttpAgent, ResettingHttpsAgent } from '../../src/modules/storage/resetting-agents.js';

const MIB = 1024 ** 2;
/** More than the kernel takes of a request before its peer reads. */
const BODY = Buffer.alloc(24 * MIB);

/** What the kernel has of a connection from this port that has not arrived: `/proc/net/tcp` has ports and queues in hexadecimal. */
async function unsentBytes(localPort: number): Promise<number> {
  const local = `:${localPort.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((row) => row.trim().split(/\s+/));
  const queues = rows.find(([, address]) => address?.endsWith(local))?.[4] ?? '0:0';
  return Number.parseInt(queues, 16);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(5);
}

interface Certificate {
  private: string;
  cert: string;
}

describe.each(['http', 'https'])('a kept connection of %s', (protocol) => {
  let certificate: Certificate;
  let server: http.Server | https.Server;
  let agent: http.Agent;
  const connections: { socket: Socket; error: string | undefined }[] = [];

  beforeAll(async () => {
    certificate = await generate([{ name: 'commonName', value: 'localhost' }]);
  });

  afterEach(async () => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    connections.length = 0;
  });

  async function listen(answer: http.RequestListener): Promise<void> {
    const { private: key, cert } = certificate;
    server = protocol === 'https' ? https.createServer({ key, cert }, answer) : http.createServer(answer);
    server.on('connection', (socket: Socket) => {
      const connection = { socket, error: undefined as string | undefined };
      connections.push(connection);
      socket.on('error', ({ code }: NodeJS.ErrnoException) => (connection.error = code));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const options = { keepAlive: true, maxSockets: 1 };
    agent =
      protocol === 'https' ? new ResettingHttpsAgent({ ...options, ca: cert }, 2_000) : new ResettingHttpAgent(options);
  }

  function put(more: http.RequestOptions = {}): http.ClientRequest {
    const { port } = server.address() as AddressInfo;
    const headers = { host: 'localhost' };
    const options = { host: '127.0.0.1', port, method: 'PUT', agent, headers, path: '/part', ...more };
    return (protocol === 'https' ? https : http).request(options);
  }

  async function answerTo(request: http.ClientRequest): Promise<number | undefined> {
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'close');
    return response.statusCode;
  }

  it('sends nothing more of a request that is given up, and the next one goes over another', async () => {
    let taken = 0;
    await listen((request, response) => {
      request.on('end', () => response.end());
      request.on('data', (chunk: Buffer) => {
        taken += chunk.length;
        if (taken >= MIB && connections.length === 1) request.pause(); // as a slow line does
      });
    });
    const first = put();
    const gone = expect(answerTo(first)).rejects.toMatchObject({ code: 'ECONNRESET' });
    first.end(BODY);
    await until(() => taken >= MIB);
    const { localPort } = first.socket!;
    expect(await unsentBytes(localPort!)).toBeGreaterThan(0);
    first.destroy();
    await gone;
    await until(async () => (await unsentBytes(localPort!)) === 0);
    const second = put();
    second.end('whole');
    expect(await answerTo(second)).toBe(200);
    expect(connections).toHaveLength(2);
  });

  it('serves one request after another, and is closed as usual when nothing is on it', async () => {
    await listen((request, response) => void request.resume().on('end', () => response.end('stored')));
    for (let number = 0; number < 3; number += 1) {
      const request = put();
      request.end(BODY.subarray(0, MIB));
      expect(await answerTo(request)).toBe(200);
    }
    expect(connections).toHaveLength(1);
    const [connection] = connections;
    const closed = once(connection!.socket, 'close');
    agent.destroy();
    await closed;
    expect(connection!.error).toBeUndefined();
  });

  it('is made to the next address when nobody listens at the first one', async () => {
    await listen((request, response) => void request.resume().on('end', () => response.end()));
    const addresses = ['127.0.0.9', '127.0.0.1'].map((address) => ({ address, family: 4 }));
    const lookup: LookupFunction = (_name, _options, found) => found(null, addresses);
    const request = put({ host: 'localhost', lookup });
    request.end(BODY.subarray(0, MIB));
    expect(await answerTo(request)).toBe(200);
  });

  it('says that nobody listens', async () => {
    await listen(() => undefined);
    const request = put({ host: '127.0.0.9' });
    request.end();
    await expect(answerTo(request)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('says why when the other side breaks it', async () => {
    await listen(() => void connections[0]!.socket.resetAndDestroy());
    const request = put();
    request.end(BODY);
    await expect(answerTo(request)).rejects.toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) });
  });
});
