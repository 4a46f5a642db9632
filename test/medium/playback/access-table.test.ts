import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listRoutes, type OpenApi } from '../../e2e/support/routes.js';
import { indexOf, type StreamRig, startStreamRig } from './stream-rig.js';

/** Behind `/playbacks/{id}`. A new one is found in the document; here stand those that must not be lost. */
const KNOWN = [
  ...['/video', '/download', '/download-url', '/stream-url', '/watch/state'],
  ...['/stream/playlist.m3u8', '/stream/init/{name}.mp4', '/stream/segment/{segmentId}.m4s'],
];
const MALFORMED = ['x', '..%2f..', '%2e%2e%2f%2e%2e', 'null', '*', `${randomUUID()}x`, 'x'.repeat(2_000)];

interface MediaRoute {
  path: string;
  /** Whether a signed link opens it; else only a token does. */
  takesLink: boolean;
}

interface Ways {
  token?: string | undefined;
  id?: string;
  query?: string;
}

describe('who may have the media of a playback', () => {
  let rig: StreamRig;
  let id: string;
  let segmentId: string;
  let routes: MediaRoute[];
  let link: string;
  let linkOfAnother: string;

  beforeAll(async () => {
    rig = await startStreamRig();
    segmentId = await completeOne();
    const { json } = await rig.call('GET', '/docs-json');
    routes = listRoutes(json as unknown as OpenApi)
      .filter(({ method, path }) => method === 'GET' && /^\/playbacks\/\{id\}\/./.test(path))
      .map(({ path, query }) => ({ path, takesLink: query.some(({ name }) => name === 'signature') }));
    link = await linkOf(id);
    linkOfAnother = await linkOf((await rig.insertVideo(Buffer.from('another video'))).id);
  });
  afterAll(() => rig.close());

  /** A stored recording with an index, so that every route has something to give. */
  async function completeOne(): Promise<string> {
    const capture = await rig.beginCapture();
    await capture.append(Infinity);
    await capture.end();
    const index = indexOf(await capture.stored());
    ({ id } = await rig.insertRecording());
    await rig.complete(id, Buffer.alloc(1_000_000), index);
    return index.runs[0]!.segments[0]!.id;
  }

  async function linkOf(playbackId: string): Promise<string> {
    const { json } = await rig.call('GET', `/playbacks/${playbackId}/stream-url`, { token: rig.tokens.VIEWER });
    return new URL(json['playlistUrl'] as string).search;
  }

  async function statusOf(path: string, { token, id: playbackId = id, query = '' }: Ways): Promise<number> {
    const where = path.replace('{id}', playbackId).replace('{name}', '0').replace('{segmentId}', segmentId);
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const statuses = await Promise.all(
      ['GET', 'HEAD'].map(async (method) => {
        const { status, body } = await fetch(`${rig.url}${where}${query}`, { method, headers });
        await body?.cancel();
        return status;
      }),
    );
    expect([path, statuses[1]]).toEqual([path, statuses[0]]);
    return statuses[0]!;
  }

  /** Every route, with the status that each of `ways` must get; what got another one is listed. */
  async function expectStatus(status: (route: MediaRoute) => number, ways: Record<string, Ways>): Promise<void> {
    const wrong: string[] = [];
    for (const route of routes) {
      for (const [name, way] of Object.entries(ways)) {
        const got = await statusOf(route.path, way);
        // A picture that was never made is missing for those who may have it.
        const isLetIn = got !== 401 && got < 500 && !KNOWN.some((path) => route.path.endsWith(path));
        if (got !== status(route) && !(status(route) === 200 && isLetIn))
          wrong.push(`${route.path} with ${name}: ${got}, not ${status(route)}`);
      }
    }
    expect(wrong).toEqual([]);
  }

  it('is asked at every route', () => {
    expect(routes.map(({ path }) => path)).toEqual(
      expect.arrayContaining(KNOWN.map((path) => `/playbacks/{id}${path}`)),
    );
    expect(routes.filter(({ takesLink }) => takesLink).length).toBeGreaterThanOrEqual(6);
  });

  it('nobody without a good token or a good link', async () => {
    const { expires, signature } = Object.fromEntries(new URLSearchParams(link));
    await expectStatus(() => 401, {
      nothing: {},
      'a token that is none': { token: 'a.b.c' },
      'a wrong signature': { query: `?expires=${expires}&signature=${'A'.repeat(43)}` },
      'a signature for another time': { query: `?expires=${Number(expires) + 1}&signature=${signature}` },
      'half a link': { query: `?expires=${expires}` },
      'the link of another playback': { query: linkOfAnother },
      'a link where there is no playback': { query: link, id: randomUUID() },
    });
  });

  it('nobody with a link that has expired', async () => {
    rig.clock.aheadMs = 3_601_000;
    await expectStatus(() => 401, { 'an old link': { query: link } });
    rig.clock.aheadMs = 0;
  });

  it('a good link opens what players need, and nothing else', async () => {
    await expectStatus(({ takesLink }) => (takesLink ? 200 : 401), { 'a good link': { query: link } });
  });

  it('every role', async () => {
    const { VIEWER, OPERATOR, ADMIN } = rig.tokens;
    await expectStatus(() => 200, {
      VIEWER: { token: VIEWER },
      OPERATOR: { token: OPERATOR },
      ADMIN: { token: ADMIN },
    });
  });

  it('a bad link is not mended by a token', async () => {
    const query = `?expires=1&signature=${'A'.repeat(43)}`;
    // A route that takes no link refuses its fields like any others that it does not know.
    await expectStatus(({ takesLink }) => (takesLink ? 401 : 400), { both: { token: rig.tokens.ADMIN, query } });
  });

  it('nobody of a playback that is not there, or of an id that is none', async () => {
    const token = rig.tokens.ADMIN;
    await expectStatus(() => 404, { 'an unknown id': { token, id: randomUUID() } });
    await expectStatus(() => 400, Object.fromEntries(MALFORMED.map((bad) => [bad.slice(0, 20), { token, id: bad }])));
  });

  it('no segment and no init segment by any other name', async () => {
    const names = [
      '..%2f..%2f..%2fetc%2fpasswd',
      '..%5c..',
      '-1',
      '00',
      '1',
      `${segmentId}%2f..`,
      `${segmentId}x`,
      '%00',
      '__proto__',
    ];
    for (const name of names) {
      for (const where of [`stream/init/${name}.mp4`, `stream/segment/${name}.m4s`]) {
        const { status, text } = await rig.call('GET', `/playbacks/${id}/${where}`, { token: rig.tokens.ADMIN });
        expect([where, [400, 404].includes(status)]).toEqual([where, true]);
        expect(text).toMatch(/"code":"(PLAYBACK\.SEGMENT_NOT_FOUND|REQUEST\.\w+)"/);
      }
    }
  });

  it('the page itself is open to everybody and tells nothing', async () => {
    const page = await rig.call('GET', `/playbacks/${id}/watch`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await rig.call('GET', `/playbacks/${randomUUID()}/watch`)).text).toBe(page.text);
    expect((await rig.call('GET', '/playbacks/x/watch')).status).toBe(400);
    const policy = page.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|http:/);
    const [, asset] = /src="\.\.\/\.\.(\/assets\/.*?hls\.min\.js)"/.exec(page.text)!;
    const script = await rig.call('GET', asset!);
    expect([script.status, script.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    for (const other of ['/assets/x/hls.min.js', asset!.replace('hls.min.js', '..%2f..%2fpackage.json')]) {
      expect((await rig.call('GET', other)).status).toBe(404);
    }
  });
});
