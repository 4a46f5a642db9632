import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AppError } from '../../../src/common/errors.js';
import type { MediaInfo } from '../../../src/schema/media-info.js';
import type { SpriteLayout } from '../../../src/schema/sprite-layout.js';
import { TombstoneRepository } from '../../../src/modules/retention/tombstone.repository.js';
import { Playback } from '../../../src/schema/playback.entity.js';
import { PlaybackMedia } from '../../../src/schema/playback-media.entity.js';
import type { RecordingStatus } from '../../../src/schema/playback-state.js';
import { spriteKey, thumbnailKey, videoKey } from '../../../src/modules/storage/domain/object-key.js';
import { type S3TestServer, startS3 } from '../../support/s3/s3-test-server.js';
import { type PlaybackApp, startPlaybackApp, waitUntil } from './playback-app.js';

const VIDEO = Buffer.from('not really a video');
const THUMBNAIL = Buffer.from('not really a thumbnail');
const SPRITE = Buffer.from('not really a sprite');
const PICTURES = { thumbnail: THUMBNAIL, sprite: SPRITE };
const JPEG = { contentType: 'image/jpeg' };
const LAYOUT: SpriteLayout = {
  ...{ columns: 2, rows: 2, tileWidth: 160, tileHeight: 90 },
  ...{ atMs: [0, 2_000, 4_040], durationMs: 6_500 },
};
const INFO: MediaInfo = {
  ...{ container: 'mov,mp4', durationMs: 6_500, sizeBytes: VIDEO.length, bitrateKbps: 1 },
  streams: [
    {
      ...{ index: 0, kind: 'video', codec: 'h264', profile: 'High', bitrateKbps: 1, durationMs: 6_500, frames: 162 },
      gop: { frames: 50, maxFrames: 51, keyFrames: 3 },
    },
  ],
};

async function insertPreviewed(app: PlaybackApp, fields: Partial<PlaybackMedia> = {}): Promise<Playback> {
  const playback = await app.insertVideo(VIDEO);
  await app.store.putBytes(thumbnailKey(playback.id), THUMBNAIL, JPEG);
  await app.store.putBytes(spriteKey(playback.id), SPRITE, JPEG);
  const all = { stream: { inits: [], runs: [] }, info: INFO, thumbnailAt: new Date(), sprite: LAYOUT };
  await app.database.dataSource.manager.save(PlaybackMedia, { playbackId: playback.id, ...all, ...fields });
  return playback;
}

describe.each(['local', 'r2'] as const)('the previews of a playback, %s store', (mode) => {
  let s3: S3TestServer | undefined;
  let app: PlaybackApp;
  let id: string;

  beforeAll(async () => {
    s3 = mode === 'r2' ? await startS3({ writeGapMs: 0 }) : undefined;
    app = await startPlaybackApp(s3 ? { ...s3.env, R2_PUBLIC_URL: '' } : {});
    id = (await insertPreviewed(app)).id;
  });

  afterAll(async () => {
    try {
      await app.close();
    } finally {
      await s3?.stop();
    }
  });

  const signedQuery = async () => {
    const { json } = await app.call('GET', `/playbacks/${id}/stream-url`, { token: app.tokens.VIEWER });
    return new URL(json['playlistUrl'] as string).search;
  };

  it.each(['thumbnail', 'sprite'] as const)(
    'give the %s as a JPEG that may be kept and is asked about',
    async (name) => {
      const response = await app.get(`/playbacks/${id}/${name}`);
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'image/jpeg',
        'content-length': String(PICTURES[name].length),
        'cache-control': 'private, no-cache',
        etag: expect.stringMatching(/^"[^"]+"$/),
      });
      expect(Buffer.from(await response.arrayBuffer())).toEqual(PICTURES[name]);

      const etag = response.headers.get('etag')!;
      const again = await app.get(`/playbacks/${id}/${name}`, { 'if-none-match': etag });
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
      expect((await app.get(`/playbacks/${id}/${name}`, { 'if-none-match': '"other"' })).status).toBe(200);
    },
  );

  it.each(['thumbnail', 'sprite'] as const)('answer HEAD of the %s without its bytes', async (name) => {
    const reads = jest.spyOn(app.store, 'openRead');
    const { status, headers, text } = await app.call('HEAD', `/playbacks/${id}/${name}`, { token: app.tokens.VIEWER });
    expect([status, text, headers.get('content-length')]).toEqual([200, '', String(PICTURES[name].length)]);
    expect(reads).not.toHaveBeenCalled();
    reads.mockRestore();
  });

  it('say in WebVTT which tile shows which time', async () => {
    const response = await app.get(`/playbacks/${id}/thumbnails.vtt`);
    expect(response.headers.get('content-type')).toMatch(/^text\/vtt/);
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    expect(await response.text()).toBe(
      [
        'WEBVTT\n',
        '00:00:00.000 --> 00:00:02.000\nsprite#xywh=0,0,160,90\n',
        '00:00:02.000 --> 00:00:04.040\nsprite#xywh=160,0,160,90\n',
        '00:00:04.040 --> 00:00:06.500\nsprite#xywh=0,90,160,90\n',
      ].join('\n'),
    );
  });

  it('open by a signed link, which the track passes on', async () => {
    const query = await signedQuery();
    for (const name of ['thumbnail', 'sprite', 'thumbnails.vtt']) {
      for (const method of ['GET', 'HEAD']) {
        expect((await app.call(method, `/playbacks/${id}/${name}${query}`)).status).toBe(200);
      }
      expect((await app.call('GET', `/playbacks/${id}/${name}`)).json).toMatchObject({ code: 'AUTH.NO_TOKEN' });
      expect((await app.call('GET', `/playbacks/${id}/${name}${query}x`)).json).toMatchObject({ status: 401 });
    }
    const track = await app.call('GET', `/playbacks/${id}/thumbnails.vtt${query}`);
    const tile = /^sprite.*#xywh=160,0,160,90$/m.exec(track.text)![0];
    // As a player finds it: relative to the track.
    const { pathname, search } = new URL(tile, `${app.url}/playbacks/${id}/thumbnails.vtt`);
    expect((await app.call('GET', pathname + search)).text).toBe(SPRITE.toString());
  });

  it('know the streams, for those who have a token', async () => {
    const { status, json, headers } = await app.call('GET', `/playbacks/${id}/media-info`, {
      token: app.tokens.VIEWER,
    });
    expect([status, json]).toEqual([200, INFO]);
    expect(headers.get('etag')).toMatch(/^(W\/)?"[^"]+"$/);
    expect(headers.get('cache-control')).toBe('private, no-cache');
    expect((await app.call('GET', `/playbacks/${id}/media-info${await signedQuery()}`)).status).toBe(401);
  });

  it('stand in the playback, in lists too', async () => {
    const bare = await app.insertVideo(VIDEO);
    const url = expect.stringMatching(new RegExp(`/playbacks/${id}/thumbnail$`));
    expect((await app.call('GET', `/playbacks/${id}`, { token: app.tokens.VIEWER })).json).toMatchObject({
      id,
      thumbnailUrl: url,
    });
    const { json } = await app.call('GET', '/playbacks', { token: app.tokens.VIEWER });
    const listed = (json['data'] as { id: string; thumbnailUrl: string | null }[]).map((each) => [
      each.id,
      each.thumbnailUrl,
    ]);
    expect(listed).toEqual(
      expect.arrayContaining([
        [id, url],
        [bare.id, null],
      ]),
    );
  });
});

describe('previews that are not there', () => {
  let app: PlaybackApp;
  beforeAll(async () => {
    app = await startPlaybackApp();
  });
  afterAll(() => app.close());

  const ROUTES = ['thumbnail', 'sprite', 'thumbnails.vtt', 'media-info'];
  const PICTURE_ROUTES = ROUTES.slice(0, 3);
  const ask = async (id: string, route: string) =>
    (await app.call('GET', `/playbacks/${id}/${route}`, { token: app.tokens.VIEWER })).json;

  it.each(ROUTES)('%s of an unknown playback', async (route) => {
    expect(await ask(randomUUID(), route)).toMatchObject({ status: 404, code: 'PLAYBACK.NOT_FOUND' });
    expect(await ask('..%2F1', route)).toMatchObject({ status: 400, code: 'REQUEST.INVALID' });
  });

  it.each<RecordingStatus>(['PENDING', 'RECORDING', 'PROCESSING', 'FAILED'])(
    'of a playback that is %s',
    async (status) => {
      const { id: cameraId } = await app.insertCamera();
      const { id } = await app.insertPlayback({ cameraId, recordingStatus: status });
      for (const route of ROUTES)
        expect(await ask(id, route)).toMatchObject({ status: 409, code: 'PLAYBACK.NOT_READY' });
    },
  );

  it('since they are still being made', async () => {
    const { id } = await insertPreviewed(app, { thumbnailAt: null, sprite: null });
    for (const route of PICTURE_ROUTES) {
      expect(await ask(id, route)).toMatchObject({ status: 409, code: 'PLAYBACK.PICTURE_NOT_READY' });
    }
    expect(await ask(id, 'media-info')).toEqual(INFO);
  });

  it('and never will be', async () => {
    const bare = await app.insertVideo(VIDEO);
    const plain = await insertPreviewed(app, { thumbnailAt: null, sprite: null, stream: null, info: null });
    for (const { id } of [bare, plain]) {
      for (const route of PICTURE_ROUTES) {
        expect(await ask(id, route)).toMatchObject({ status: 409, code: 'PLAYBACK.NO_PICTURE' });
      }
      expect(await ask(id, 'media-info')).toMatchObject({ status: 409, code: 'PLAYBACK.NO_MEDIA_INFO' });
    }
  });

  it('since somebody has removed them from the store', async () => {
    const { id } = await insertPreviewed(app);
    await Promise.all([app.store.delete(thumbnailKey(id)), app.store.delete(spriteKey(id))]);
    for (const route of ['thumbnail', 'sprite']) {
      expect(await ask(id, route)).toMatchObject({ status: 404, code: 'PLAYBACK.OBJECT_MISSING' });
    }
  });
});

describe('DELETE /playbacks/:id of a playback with previews', () => {
  let app: PlaybackApp;
  beforeAll(async () => {
    app = await startPlaybackApp();
  });
  afterAll(() => app.close());
  afterEach(() => void jest.restoreAllMocks());

  const remove = (id: string) => app.call('DELETE', `/playbacks/${id}`, { token: app.tokens.OPERATOR });
  const keysOf = (id: string) => [videoKey(id), thumbnailKey(id), spriteKey(id)];
  const stored = async (id: string) => {
    const found = await Promise.all(keysOf(id).map((key) => app.store.head(key)));
    return keysOf(id).filter((_key, index) => found[index] !== null);
  };
  const rowOf = (id: string) => app.database.dataSource.getRepository(Playback).findOneBy({ id });

  it('removes all objects at once', async () => {
    const { id } = await insertPreviewed(app);
    expect(await stored(id)).toEqual(keysOf(id));
    expect((await remove(id)).status).toBe(204);
    expect([await rowOf(id), await stored(id)]).toEqual([null, []]);
  });

  it('also those that were being made', async () => {
    const { id } = await insertPreviewed(app, { thumbnailAt: null, sprite: null });
    expect((await remove(id)).status).toBe(204);
    expect(await stored(id)).toEqual([]);
  });

  it('leaves each object to a job of its own when the store is away', async () => {
    const { id } = await insertPreviewed(app);
    const away = new AppError({ code: 'STORAGE.UNAVAILABLE', message: 'The store is away.' });
    const deletes = jest.spyOn(app.store, 'delete').mockRejectedValue(away);
    expect((await remove(id)).status).toBe(204);
    await waitUntil(() => new Set(deletes.mock.calls.map(([key]) => key)).size === 3);
    expect([await rowOf(id), await stored(id)]).toEqual([null, keysOf(id)]);
    deletes.mockRestore();
    await waitUntil(async () => (await stored(id)).length === 0, 30_000);
  });

  it('keeps row and objects together when something goes wrong once their tombstones are left', async () => {
    const { id } = await insertPreviewed(app);
    const tombstones = app.app.get(TombstoneRepository, { strict: false });
    const insert = tombstones.insert.bind(tombstones);
    jest.spyOn(tombstones, 'insert').mockImplementationOnce(async (manager, objects) => {
      await insert(manager, objects);
      throw new Error('no more');
    });
    expect((await remove(id)).status).toBe(500);
    expect([(await rowOf(id))?.id, await stored(id)]).toEqual([id, keysOf(id)]);
    const left: unknown[] = await app.database.dataSource.query(
      `SELECT key FROM tombstones WHERE key LIKE '%' || $1 || '%'`,
      [id],
    );
    expect(left).toEqual([]);
  });
});
