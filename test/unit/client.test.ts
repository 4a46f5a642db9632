import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bodyOf, createHindsightClient, HindsightError } from '@hindsight/client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

describe('the client', () => {
  let server: Server;
  let baseUrl: string;
  let asked: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[];
  let answer: { status: number; type?: string; body: string };

  beforeEach(async () => {
    asked = [];
    answer = { status: 200, body: '{}' };
    server = createServer((request, response) => {
      asked.push(request);
      const { status, type = 'application/json', body } = answer;
      response.writeHead(status, { 'Content-Type': type }).end(status === 204 ? undefined : body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is generated from docs/openapi.json: after a change of the API run `npm run openapi`', async () => {
    const generate = ['run', '-s', 'generate', '-w', '@hindsight/client', '--', '--check'];
    const fault = await run('npm', generate, { cwd: ROOT }).then(
      () => null,
      ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
    );
    expect(fault).toBeNull();
  });

  it('fills in paths, and gives the body of a success', async () => {
    answer.body = JSON.stringify({ id: ID, recordingStatus: 'RECORDING' });
    const api = createHindsightClient({ baseUrl });
    const playback = await bodyOf(api.GET('/playbacks/{id}', { params: { path: { id: ID } } }));
    expect(playback).toMatchObject({ id: ID, recordingStatus: 'RECORDING' });
    expect(asked).toMatchObject([{ method: 'GET', url: `/playbacks/${ID}` }]);
  });

  it('asks for the token before each call, and leaves another one alone', async () => {
    let token = '';
    const api = createHindsightClient({ baseUrl, token: () => token });
    await api.GET('/cameras');
    token = 'first';
    await api.GET('/cameras');
    token = 'second';
    await api.GET('/cameras');
    await api.GET('/cameras', { headers: { Authorization: 'Bearer own' } });
    const sent = asked.map(({ headers }) => headers.authorization);
    expect(sent).toEqual([undefined, 'Bearer first', 'Bearer second', 'Bearer own']);
  });

  it('throws what the service says instead', async () => {
    const problem = { code: 'CAMERA.NOT_FOUND', status: 404 };
    answer = { status: 404, type: 'application/problem+json', body: JSON.stringify(problem) };
    const api = createHindsightClient({ baseUrl });
    const error: unknown = await bodyOf(api.POST('/events', { body: { cameraId: ID, type: 'MOTION' } })).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(HindsightError);
    expect(error).toMatchObject({ status: 404, body: problem });
    expect((error as Error).message).toBe(`/events answered 404: ${JSON.stringify(problem)}`);
  });

  it('throws what something else says instead', async () => {
    answer = { status: 502, type: 'text/html', body: '<h1>Bad Gateway</h1>' };
    const api = createHindsightClient({ baseUrl });
    await expect(bodyOf(api.GET('/cameras'))).rejects.toThrow('/cameras answered 502: "<h1>Bad Gateway</h1>"');
  });

  it('takes an answer without a body', async () => {
    answer.status = 204;
    const api = createHindsightClient({ baseUrl });
    expect(await bodyOf(api.DELETE('/cameras/{id}', { params: { path: { id: ID } } }))).toBeUndefined();
  });

  it('knows what the document allows', () => {
    const api = createHindsightClient({ baseUrl });
    const wrong = () => [
      // @ts-expect-error: there is no such path
      api.GET('/recordings'),
      // @ts-expect-error: an event needs a camera
      api.POST('/events', { body: { type: 'MOTION' } }),
      // @ts-expect-error: a path needs its id
      api.GET('/playbacks/{id}'),
    ];
    expect(wrong).toBeInstanceOf(Function);
  });
});
