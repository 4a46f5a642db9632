import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Playback } from '../../../src/schema/playback.entity.js';
import { type PlaybackApp, startPlaybackApp } from './playback-app.js';

const BYTES = Buffer.from('not really a video');

describe('who may load a video', () => {
  let app: PlaybackApp;
  let playback: Playback;
  let other: Playback;

  beforeAll(async () => {
    app = await startPlaybackApp();
    playback = await app.insertVideo(BYTES);
    other = await app.insertVideo(BYTES);
  });

  afterAll(() => app.close());

  async function signedQuery(id = playback.id): Promise<string> {
    const { json } = await app.call('GET', `/playbacks/${id}/download-url`, { token: app.tokens.VIEWER });
    return new URL(json['url'] as string).search;
  }

  it('needs a token that is good', async () => {
    for (const route of ['video', 'download', 'download-url']) {
      const where = `/playbacks/${playback.id}/${route}`;
      expect((await app.call('GET', where)).json).toMatchObject({ status: 401, code: 'AUTH.NO_TOKEN' });
      expect((await app.call('GET', where, { token: 'a.b.c' })).json).toMatchObject({
        status: 401,
        code: 'AUTH.BAD_TOKEN',
      });
      expect((await app.call('GET', where, { token: app.tokens.VIEWER })).status).toBe(200);
    }
  });

  it('or a signed link, for GET and HEAD of video and download', async () => {
    const query = await signedQuery();
    for (const route of ['video', 'download']) {
      for (const method of ['GET', 'HEAD']) {
        expect((await app.call(method, `/playbacks/${playback.id}/${route}${query}`)).status).toBe(200);
      }
    }
    expect((await app.call('GET', `/playbacks/${playback.id.toUpperCase()}/video${query}`)).status).toBe(200);
  });

  it('refuses a link that is forged, for another playback, cut in half, or written twice', async () => {
    const query = await signedQuery();
    const { expires, signature } = Object.fromEntries(new URLSearchParams(query));
    const bad = [
      [other.id, query],
      [randomUUID(), query],
      [playback.id, `?expires=${Number(expires) + 60}&signature=${signature}`],
      [playback.id, `?expires=${expires}&signature=${'A'.repeat(43)}`],
      [playback.id, `?expires=${expires}`],
      [playback.id, `?signature=${signature}`],
      [playback.id, '?expires=&signature='],
      [playback.id, `${query}&expires=${expires}`],
      [playback.id, `?expires[]=${expires}&signature[]=${signature}`],
    ];
    for (const [id, anyQuery] of bad) {
      const { json } = await app.call('GET', `/playbacks/${id}/video${anyQuery}`);
      expect([anyQuery, json['status']]).toEqual([anyQuery, 401]);
      expect(json['code']).toMatch(/^(PLAYBACK\.LINK_INVALID|AUTH\.NO_TOKEN)$/);
    }
  });

  it('refuses a link that has expired', async () => {
    const query = await signedQuery();
    app.clock.aheadMs = 3_601_000;
    const { json } = await app.call('GET', `/playbacks/${playback.id}/video${query}`);
    app.clock.aheadMs = 0;
    expect(json).toMatchObject({ status: 401, code: 'PLAYBACK.LINK_INVALID' });
  });

  it('opens nothing else with a link', async () => {
    const query = await signedQuery();
    for (const where of ['', '/download-url', '/stop']) {
      const method = where === '/stop' ? 'POST' : 'GET';
      expect((await app.call(method, `/playbacks/${playback.id}${where}${query}`)).status).toBe(401);
    }
    expect((await app.call('DELETE', `/playbacks/${playback.id}${query}`)).status).toBe(401);
    expect((await app.call('GET', `/playbacks${query}`)).status).toBe(401);
  });

  it('ends the link with the playback', async () => {
    const gone = await app.insertVideo(BYTES);
    const query = await signedQuery(gone.id);
    expect((await app.call('DELETE', `/playbacks/${gone.id}`, { token: app.tokens.OPERATOR })).status).toBe(204);
    expect((await app.call('GET', `/playbacks/${gone.id}/video${query}`)).json).toMatchObject({
      code: 'PLAYBACK.NOT_FOUND',
    });
  });

  it.each([
    '/playbacks/../../../etc/passwd/video',
    '/playbacks/..%2f..%2f..%2fetc%2fpasswd/video',
    '/playbacks/%2e%2e/video',
    '/playbacks/..%5c..%5cvideo/video',
    '/playbacks/%252e%252e%252f/video',
    '/playbacks/ID%2f..%2fID/video',
    '/playbacks/ID%00/video',
    '/playbacks/%ff/video',
    '/playbacks/%/video',
    '/playbacks//video',
  ])('never takes %s for a playback', async (rawPath) => {
    const reads = jest.spyOn(app.store, 'head');
    // `fetch` would tidy the path up.
    const { status, text } = await rawGet(rawPath.replaceAll('ID', playback.id));
    expect([400, 404]).toContain(status);
    expect(text).toMatch(/"code":"REQUEST\./);
    expect(reads).not.toHaveBeenCalled();
    reads.mockRestore();
  });

  function rawGet(path: string): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${app.tokens.ADMIN}` };
      const { port } = new URL(app.url);
      request({ host: '127.0.0.1', port, path, headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      })
        .on('error', reject)
        .end();
    });
  }
});
