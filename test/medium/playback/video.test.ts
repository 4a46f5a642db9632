import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Playback } from '../../../src/schema/playback.entity.js';
import { videoKey } from '../../../src/modules/storage/domain/object-key.js';
import { type S3TestServer, startS3 } from '../../support/s3/s3-test-server.js';
import { type PlaybackApp, startPlaybackApp, waitUntil } from './playback-app.js';

const BYTES = randomBytes(300_000);
const CAMERA_NAME = 'Hof "süd"/1';

describe.each(['local', 'r2'] as const)('the video of a playback, %s store', (mode) => {
  let s3: S3TestServer | undefined;
  let app: PlaybackApp;
  let playback: Playback;
  let path: string;

  beforeAll(async () => {
    s3 = mode === 'r2' ? await startS3({ writeGapMs: 0 }) : undefined;
    // No R2_PUBLIC_URL: the store's addresses are signed.
    app = await startPlaybackApp(s3 ? { ...s3.env, R2_PUBLIC_URL: '' } : {});
    playback = await app.insertVideo(BYTES, {}, CAMERA_NAME);
    path = `/playbacks/${playback.id}/video`;
  });

  afterAll(async () => {
    try {
      await app.close();
    } finally {
      await s3?.stop();
    }
  });

  afterEach(() => {
    jest.restoreAllMocks();
    s3?.faults.clear();
  });

  const bodyOf = async (response: Response) => Buffer.from(await response.arrayBuffer());
  const header = (response: Response, name: string) => response.headers.get(name);

  it('is sent whole, and says what can be done with it', async () => {
    const response = await app.get(path);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': String(BYTES.length),
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-cache',
      etag: expect.stringMatching(/^"[^"]+"$/),
    });
    expect(Date.parse(header(response, 'last-modified') ?? '')).toBeLessThanOrEqual(Date.now());
    expect((await bodyOf(response)).equals(BYTES)).toBe(true);
  });

  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=100-199', 100, 199],
    ['bytes=299000-', 299_000, 299_999],
    ['bytes=-500', 299_500, 299_999],
    ['bytes=-999999', 0, 299_999],
    ['bytes=250000-999999', 250_000, 299_999],
  ])('is sent in part: %s', async (range, start, end) => {
    const response = await app.get(path, { range });
    expect([response.status, header(response, 'content-range')]).toEqual([206, `bytes ${start}-${end}/300000`]);
    expect(header(response, 'content-length')).toBe(String(end - start + 1));
    expect((await bodyOf(response)).equals(BYTES.subarray(start, end + 1))).toBe(true);
  });

  it.each(['bytes=300000-', 'bytes=999999-9999999', 'bytes=-0'])('has no part %s', async (range) => {
    const response = await app.get(path, { range });
    expect([response.status, header(response, 'content-range')]).toEqual([416, 'bytes */300000']);
    expect(header(response, 'content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({ code: 'PLAYBACK.BAD_RANGE' });
  });

  it.each(['bytes=5-1', 'bytes=a-b', 'items=0-1', 'bytes=0-1,5-6', 'bytes='])(
    'is sent whole when the range is %s',
    async (range) => {
      const response = await app.get(path, { range });
      expect([response.status, header(response, 'content-range')]).toEqual([200, null]);
      expect(await bodyOf(response)).toHaveLength(BYTES.length);
    },
  );

  it('goes on with a part only when it is still the same video', async () => {
    const etag = header(await app.get(path), 'etag') ?? '';
    expect((await app.get(path, { range: 'bytes=1-2', 'if-range': etag })).status).toBe(206);
    expect((await app.get(path, { range: 'bytes=1-2', 'if-range': '"other"' })).status).toBe(200);
  });

  it('is not sent again to who has it', async () => {
    const etag = header(await app.get(path), 'etag') ?? '';
    const reads = jest.spyOn(app.store, 'openRead');
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await app.get(path, { 'if-none-match': known, range: 'bytes=0-9' });
      expect([response.status, header(response, 'etag'), await response.text()]).toEqual([304, etag, '']);
    }
    expect(reads).not.toHaveBeenCalled();
    expect((await app.get(path, { 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('answers HEAD like GET, without reading it', async () => {
    const reads = jest.spyOn(app.store, 'openRead');
    const authorization = `Bearer ${app.tokens.VIEWER}`;
    const head = await fetch(`${app.url}${path}`, { method: 'HEAD', headers: { authorization, range: 'bytes=0-9' } });
    expect([head.status, header(head, 'content-length'), await head.text()]).toEqual([200, '300000', '']);
    expect(reads).not.toHaveBeenCalled();
    const ofBoth = ['etag', 'content-type', 'accept-ranges', 'last-modified', 'content-disposition', 'content-length'];
    const get = await app.get(path);
    expect(ofBoth.map((name) => header(head, name))).toEqual(ofBoth.map((name) => header(get, name)));
  });

  it('is offered for download under a sensible name, whatever the camera is called', async () => {
    const response = await app.get(`/playbacks/${playback.id}/download`, { range: 'bytes=0-9' });
    expect(response.status).toBe(206);
    expect(header(response, 'content-disposition')).toBe(
      `attachment; filename="Hof -sud-1-20260131T120000Z.mp4"; filename*=UTF-8''Hof%20-s%C3%BCd-1-20260131T120000Z.mp4`,
    );
    expect(header(await app.get(path), 'content-disposition')).toMatch(/^inline; filename=/);
  });

  it('is not there before the playback is COMPLETED, and the answer says why', async () => {
    const retryReason = 'The store did not answer.';
    const states = [
      [{ recordingStatus: 'RECORDING' }, /still being recorded/],
      [{ recordingStatus: 'PROCESSING', retryReason }, /being stored.*The store did not answer/],
      [{ recordingStatus: 'FAILED', failureMessage: 'No camera.' }, /failed.*No camera/],
    ] as [Partial<Playback>, RegExp][];
    for (const [fields, detail] of states) {
      const { id } = await app.insertVideo(Buffer.from('x'), fields);
      for (const route of ['video', 'download', 'download-url']) {
        const answer = await app.call('GET', `/playbacks/${id}/${route}`, { token: app.tokens.VIEWER });
        expect(answer.json).toMatchObject({ status: 409, code: 'PLAYBACK.NOT_READY' });
        expect(answer.json['detail']).toMatch(detail);
      }
    }
  });

  it('is reported missing when somebody removed it from the store', async () => {
    const { id } = await app.insertVideo(Buffer.from('x'));
    await app.store.delete(videoKey(id));
    const answer = await app.call('GET', `/playbacks/${id}/video`, { token: app.tokens.VIEWER });
    expect(answer.json).toMatchObject({ status: 404, code: 'PLAYBACK.OBJECT_MISSING' });
    expect(app.lines.some((line) => line.includes('no object') && line.includes(id))).toBe(true);
  });

  it('says 404 for an unknown id', async () => {
    for (const route of ['video', 'download', 'download-url']) {
      const answer = await app.call('GET', `/playbacks/${randomUUID()}/${route}`, { token: app.tokens.VIEWER });
      expect(answer.json).toMatchObject({ status: 404, code: 'PLAYBACK.NOT_FOUND' });
    }
  });

  it('can be loaded by a link without a token', async () => {
    const { status, json } = await app.call('GET', `/playbacks/${playback.id}/download-url`, {
      token: app.tokens.VIEWER,
    });
    expect(status).toBe(200);
    const lifeMs = Date.parse(json['expiresAt'] as string) - Date.now();
    expect(lifeMs).toBeGreaterThan(3_590_000);
    expect(lifeMs).toBeLessThanOrEqual(3_600_000);
    // Our own links name PUBLIC_URL, which is not where this test's service happens to listen.
    const given = json['url'] as string;
    const url = mode === 'local' ? `${app.url}${pathOf(given)}` : given;
    const whole = await fetch(url);
    expect(whole.status).toBe(200);
    expect((await bodyOf(whole)).equals(BYTES)).toBe(true);
    const part = await fetch(url, { headers: { range: 'bytes=10-19' } });
    expect([part.status, (await bodyOf(part)).equals(BYTES.subarray(10, 20))]).toEqual([206, true]);
  });

  it('has an address in the playback that works, and that is not stored when it is signed', async () => {
    const { json } = await app.call('GET', `/playbacks/${playback.id}`, { token: app.tokens.VIEWER });
    const videoUrl = json['videoUrl'] as string;
    if (mode === 'local') {
      expect(videoUrl).toBe(`http://localhost:3000/playbacks/${playback.id}/video`);
    } else {
      expect(videoUrl).toContain('X-Amz-Signature=');
      expect((await bodyOf(await fetch(videoUrl))).equals(BYTES)).toBe(true);
    }
    const rows = await app.database.dataSource.query('SELECT video_url FROM playbacks WHERE id = $1', [playback.id]);
    expect(rows).toEqual([{ video_url: null }]);
  });

  it('gives the address in the row when there is one', async () => {
    const videoUrl = 'https://media.example.com/video.mp4';
    const { id } = await app.insertVideo(Buffer.from('x'), { videoUrl });
    const { json } = await app.call('GET', `/playbacks/${id}`, { token: app.tokens.VIEWER });
    expect(json['videoUrl']).toBe(videoUrl);
  });

  describe('when the transfer breaks', () => {
    /** The streams that are opened from now on. */
    function watchStreams(): Readable[] {
      const streams: Readable[] = [];
      const openRead = app.store.openRead.bind(app.store);
      jest.spyOn(app.store, 'openRead').mockImplementation(async (...args) => {
        const stream = await openRead(...args);
        streams.push(stream);
        return stream;
      });
      return streams;
    }

    function answerWith(stream: Readable): Readable {
      jest.spyOn(app.store, 'openRead').mockResolvedValue(stream);
      return stream;
    }

    it('stops reading as soon as the client is gone', async () => {
      // More than all socket buffers between us hold.
      const { id } = await app.insertVideo(Buffer.alloc(48 * 1024 ** 2, 7));
      const streams = watchStreams();
      const leave = new AbortController();
      const authorization = `Bearer ${app.tokens.VIEWER}`;
      const response = await fetch(`${app.url}/playbacks/${id}/video`, {
        headers: { authorization },
        signal: leave.signal,
      });
      await response.body?.getReader().read();
      expect(streams[0]?.destroyed).toBe(false);
      leave.abort();
      await waitUntil(() => streams[0]?.closed === true);
      expect(streams).toHaveLength(1);
      expect(app.lines.some((line) => line.includes('cut short') && line.includes(id))).toBe(false);
    });

    it('does not begin when the client is gone before the store answers', async () => {
      let answer = (_stream: Readable): void => undefined;
      const opened = jest
        .spyOn(app.store, 'openRead')
        .mockImplementation(() => new Promise((resolve) => (answer = resolve)));
      const leave = new AbortController();
      const authorization = `Bearer ${app.tokens.VIEWER}`;
      const sockets = jest.fn<() => void>();
      app.app.getHttpServer().once('request', (_request, response) => response.once('close', sockets));
      const left = fetch(`${app.url}${path}`, { headers: { authorization }, signal: leave.signal }).catch(() => 'left');
      await waitUntil(() => opened.mock.calls.length === 1);
      leave.abort();
      expect(await left).toBe('left');
      await waitUntil(() => sockets.mock.calls.length === 1);
      const late = Readable.from([BYTES]);
      answer(late);
      await waitUntil(() => late.destroyed);
    });

    it.each<[string, () => Readable]>([
      ['breaks', () => Readable.from(breaking())],
      ['ends early', () => Readable.from([BYTES.subarray(0, 1_000)])],
      ['gives too much', () => Readable.from([Buffer.concat([BYTES, Buffer.from('more')])])],
    ])('cuts the connection when the store %s, so that half a video never looks whole', async (_how, source) => {
      const stream = answerWith(source());
      await expect(app.get(path).then(bodyOf)).rejects.toThrow();
      await waitUntil(() => stream.destroyed);
      await waitUntil(() => app.lines.some((line) => line.includes('cut short') && line.includes(playback.id)));
      jest.restoreAllMocks();
      expect((await app.get(path, { range: 'bytes=0-0' })).status).toBe(206);
    });

    async function* breaking(): AsyncGenerator<Buffer> {
      yield BYTES.subarray(0, 1_000);
      throw new Error('the disk is gone');
    }
  });
});

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
