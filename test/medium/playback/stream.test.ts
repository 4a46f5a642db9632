import { readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { StoredFragment } from '../../../src/modules/footage/domain/footage.js';
import { indexRun, segmentId } from '../../../src/modules/footage/domain/stream-segments.js';
import type { StoredCapture } from '../../../src/modules/footage/fragment-log.store.js';
import { type StreamRig, STARTED_AT_MS, startStreamRig, type TestCapture, urisIn } from './stream-rig.js';

/** What lies in front of the media in an object. */
const HEAD = Buffer.alloc(321, 7);

describe('the stream of a playback', () => {
  let rig: StreamRig;
  let capture: TestCapture;

  beforeAll(async () => {
    rig = await startStreamRig();
  });
  afterAll(() => rig.close());

  beforeEach(async () => {
    await rm(join(rig.homeDir, 'cameras'), { recursive: true, force: true });
    capture = await rig.beginCapture();
  });

  const at = (id: string, uri: string) => new URL(uri, `http://x/playbacks/${id}/stream/`);
  const load = async (id: string, uri: string, headers: Record<string, string> = {}) => {
    const { pathname, search } = at(id, uri);
    const response = await rig.get(pathname + search, headers);
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
  };

  /** The bytes of fragments as they lie in the log. */
  async function logBytes({ dir }: StoredCapture, fragments: readonly StoredFragment[]): Promise<Buffer> {
    const pieces = fragments.map(async ({ segment, offset, sizeBytes }) =>
      (await readFile(join(dir, segment))).subarray(offset, offset + sizeBytes),
    );
    return Buffer.concat(await Promise.all(pieces));
  }

  it('grows with the recording and never changes otherwise, and gives what lies in the log', async () => {
    const { id } = await rig.insertRecording();
    expect(
      (await rig.call('GET', `/playbacks/${id}/stream/playlist.m3u8`, { token: rig.tokens.VIEWER })).json,
    ).toMatchObject({ status: 409, code: 'PLAYBACK.NOT_READY' });
    let before = '';
    for (let round = 0; round < 5; round += 1) {
      await capture.append(1);
      const now = await rig.playlist(id);
      if (before !== '') expect(now.startsWith(before)).toBe(true);
      if (now.startsWith('#EXTM3U')) before = now;
    }
    expect(before).not.toContain('ENDLIST');
    expect(urisIn(before).length).toBeGreaterThanOrEqual(1);
    await capture.append(Infinity);
    await capture.end();
    await rig.change(id, { recordingStatus: 'PROCESSING', rangeEndAt: new Date(STARTED_AT_MS + 60_000) });
    const whole = await rig.playlist(id);
    expect(whole.startsWith(before)).toBe(true);
    expect(whole).not.toContain('ENDLIST');
    const loaded = await Promise.all(urisIn(whole).map((uri) => load(id, uri)));
    const stored = await capture.stored();
    const { fragments, init } = stored;
    expect(Buffer.concat(loaded.map(({ bytes }) => bytes))).toEqual(await logBytes(stored, fragments));
    expect(loaded[0]!.headers.get('content-type')).toBe('video/mp4');
    expect((await load(id, mapOf(whole))).bytes).toEqual(init.bytes);
  });

  it('goes on from the object when the log is gone: the whole in byte ranges, and what a player knows from before', async () => {
    const { id } = await rig.insertRecording();
    await capture.append(Infinity);
    await capture.end();
    await rig.change(id, { recordingStatus: 'PROCESSING', rangeEndAt: new Date(STARTED_AT_MS + 60_000) });
    const live = await rig.playlist(id);
    const logged = await capture.stored();
    const { fragments, init } = logged;
    const bytes = await logBytes(logged, fragments);
    // The last fragment lies in front of the others: it is the second half of the last segment.
    const last = fragments.at(-1)!;
    expect(last.isSync).toBe(false);
    const offsets = placesOf(fragments.slice(0, -1), HEAD.length + last.sizeBytes);
    const run = indexRun(takeOf(logged), 0, [...offsets, HEAD.length]);
    const object = Buffer.concat([HEAD, bytes.subarray(-last.sizeBytes), bytes.subarray(0, -last.sizeBytes)]);
    await rig.complete(id, object, { inits: [init.bytes.toString('base64')], runs: [run] });
    await rm(join(rig.homeDir, 'cameras'), { recursive: true });

    const stored = await rig.playlist(id);
    expect(stored).toContain('#EXT-X-PLAYLIST-TYPE:VOD');
    expect(stored.trimEnd().endsWith('#EXT-X-ENDLIST')).toBe(true);
    expect(stored.match(/#EXTINF:.*/g)).toEqual(live.match(/#EXTINF:.*/g));
    expect(stored.match(/TARGETDURATION:.*/)![0]).toBe(live.match(/TARGETDURATION:.*/)![0]);
    expect(Buffer.concat(await loadRanges(id, stored))).toEqual(bytes);
    expect(urisIn(stored).filter((uri) => uri !== '../video')).toHaveLength(1);
    expect((await load(id, mapOf(stored))).bytes).toEqual(init.bytes);
    const known = await Promise.all(urisIn(live).map((uri) => load(id, uri)));
    expect(Buffer.concat(known.map((each) => each.bytes))).toEqual(bytes);
    expect((await load(id, mapOf(live))).bytes).toEqual(init.bytes);
  });

  it('has a discontinuity, an init segment and a date for every capture', async () => {
    const { id } = await rig.insertRecording();
    await capture.append(Infinity);
    await capture.end();
    const again = await rig.beginCapture(STARTED_AT_MS + 60_000);
    await again.append(Infinity);
    await again.end();
    const text = await rig.playlist(id);
    expect(text.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1);
    expect(text.match(/MAP:URI="init\/(.*)\.mp4"/g)).toEqual(
      [capture, again].map(({ writer }) => `MAP:URI="init/${writer.capture.captureId}.mp4"`),
    );
    const dates = [...text.matchAll(/DATE-TIME:(.*)/g)].map(([, date]) => Date.parse(date!));
    expect(dates.map((date) => Math.round((date - STARTED_AT_MS) / 1_000))).toEqual([0, 60]);
  });

  it('begins where the recording began, and gives nothing else of its camera', async () => {
    await capture.append(Infinity);
    await capture.end();
    const { captureId, fragments } = await capture.stored();
    const keys = fragments.filter(({ isSync }) => isSync);
    const second = keys[1]!;
    // By the range alone it would begin with the first key frame.
    const { id } = await rig.insertRecording({ firstFragment: segmentId(captureId, second) });
    const text = await rig.playlist(id);
    expect(urisIn(text)[0]).toBe(`segment/${segmentId(captureId, second)}.m4s`);
    const foreign = await load(id, `segment/${segmentId(captureId, keys[0]!)}.m4s`);
    expect([foreign.status, foreign.bytes.toString()]).toEqual([404, expect.stringContaining('SEGMENT_NOT_FOUND')]);
    const later = await rig.beginCapture(STARTED_AT_MS + 60_000);
    await later.append(Infinity);
    await later.end();
    await rig.change(id, { recordingStatus: 'PROCESSING', rangeEndAt: new Date(STARTED_AT_MS + 30_000) });
    const other = await later.stored();
    expect((await load(id, `segment/${segmentId(other.captureId, other.fragments[0]!)}.m4s`)).status).toBe(404);
    expect((await load(id, `init/${other.captureId}.mp4`)).status).toBe(404);
  });

  it('says why there is nothing to watch', async () => {
    const codeOf = async (id: string): Promise<string> => {
      const { json } = await rig.call('GET', `/playbacks/${id}/stream/playlist.m3u8`, { token: rig.tokens.VIEWER });
      return json['code'] as string;
    };
    await capture.append(Infinity);
    await capture.end();
    const pending = await rig.insertRecording({ recordingStatus: 'PENDING' });
    expect(await codeOf(pending.id)).toBe('PLAYBACK.NOT_READY');
    const failed = await rig.insertRecording({ recordingStatus: 'FAILED', failureMessage: 'It burnt.' });
    expect(await codeOf(failed.id)).toBe('PLAYBACK.NOT_STREAMABLE');
    const old = await rig.insertVideo(Buffer.from('an old video'));
    expect(await codeOf(old.id)).toBe('PLAYBACK.NOT_STREAMABLE');
    const elsewhere = await rig.insertRecording({ nodeId: old.id, footageNodes: [old.id] });
    expect(await codeOf(elsewhere.id)).toBe('PLAYBACK.LIVE_ELSEWHERE');
    const kept = await rig.insertRecording({ recordingStatus: 'FAILED', localPath: rig.homeDir });
    expect(await rig.playlist(kept.id)).toMatch(/\.m4s\n#EXT-X-ENDLIST\n$/);
  });

  it('carries a signed link on in every address, and none when it was asked with a token', async () => {
    await capture.append(Infinity);
    await capture.end();
    const { id } = await rig.insertRecording();
    const { json } = await rig.call('GET', `/playbacks/${id}/stream-url`, { token: rig.tokens.VIEWER });
    const { search, pathname } = new URL(json['playlistUrl'] as string);
    expect(new URL(json['watchUrl'] as string).search).toBe(search);
    const response = await fetch(`${rig.url}${pathname}${search}`);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    const text = await response.text();
    for (const uri of [...urisIn(text), mapOf(text)]) {
      expect(uri.endsWith(search)).toBe(true);
      const { pathname: path } = at(id, uri);
      for (const method of ['GET', 'HEAD'])
        expect((await fetch(`${rig.url}${path}${search}`, { method })).status).toBe(200);
    }
    expect(await rig.playlist(id)).toBe(text.replaceAll(search, ''));
  });

  it('may be read by pages of other sites, and is packed when the reader can unpack', async () => {
    await capture.append(Infinity);
    await capture.end();
    const { id } = await rig.insertRecording();
    const url = `${rig.url}/playbacks/${id}/stream/playlist.m3u8`;
    const asked = { origin: 'https://elsewhere.example', 'access-control-request-method': 'GET' };
    const preflight = await fetch(url, { method: 'OPTIONS', headers: asked });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('Authorization'),
    ]);
    expect((await fetch(url)).headers.get('access-control-allow-origin')).toBe('*');
    const plain = await load(id, 'playlist.m3u8', { 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(gunzipSync(await rawGzip(url))).toEqual(plain.bytes);
  });

  /** `fetch` would unpack it. */
  function rawGzip(url: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${rig.tokens.VIEWER}`, 'accept-encoding': 'gzip' };
      request(url, { headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)));
      })
        .on('error', reject)
        .end();
    });
  }

  function mapOf(playlist: string): string {
    return /MAP:URI="(.*?)"/.exec(playlist)?.[1] ?? '';
  }

  function takeOf(stored: StoredCapture) {
    return { capture: stored, fragments: stored.fragments, span: { startMs: 0, endMs: 0 } };
  }

  function placesOf(fragments: readonly StoredFragment[], from: number): number[] {
    let next = from;
    return fragments.map(({ sizeBytes }) => (next += sizeBytes) - sizeBytes);
  }

  async function loadRanges(id: string, playlist: string): Promise<Buffer[]> {
    const entries = [...playlist.matchAll(/#EXTINF.*\n(?:#EXT-X-BYTERANGE:(\d+)@(\d+)\n)?(.+)/g)];
    return Promise.all(
      entries.map(async ([, size, offset, uri]) => {
        const range = { range: `bytes=${offset}-${Number(offset) + Number(size) - 1}` };
        const { status, bytes } = await load(id, uri!, size === undefined ? {} : range);
        expect(status).toBe(size === undefined ? 200 : 206);
        return bytes;
      }),
    );
  }
});

describe('the stream of a video in a bucket', () => {
  const R2 = {
    ...{ STORAGE_MODE: 'r2', R2_ENDPOINT: 'https://account.r2.example', R2_BUCKET_NAME: 'videos' },
    ...{ R2_ACCESS_KEY_ID: 'key', R2_SECRET_ACCESS_KEY: 'secret-of-the-bucket' },
  };
  const INDEX = {
    inits: ['AAAA'],
    runs: [
      { init: 0, segments: [{ id: '7-a-0', offset: 9, sizeBytes: 5, startAtMs: STARTED_AT_MS, durationMs: 2_000 }] },
    ],
  };

  async function uriWith(env: Record<string, string>, aheadMs = 0): Promise<string> {
    const rig = await startStreamRig({ ...R2, ...env });
    try {
      const { id } = await rig.insertRecording({ recordingStatus: 'COMPLETED' });
      await rig.database.dataSource.query(`INSERT INTO playback_media (playback_id, stream) VALUES ($1, $2)`, [
        id,
        INDEX,
      ]);
      const { json } = await rig.call('GET', `/playbacks/${id}/stream-url`, { token: rig.tokens.VIEWER });
      const { pathname, search } = new URL(json['playlistUrl'] as string);
      rig.clock.aheadMs = aheadMs;
      return urisIn((await rig.call('GET', pathname + search)).text)[0]!;
    } finally {
      await rig.close();
    }
  }

  it('sends players to the bucket, by a signature that ends with their link', async () => {
    const { host, pathname, searchParams } = new URL(await uriWith({}, 3_000_000));
    expect([host, pathname.startsWith('/videos/playbacks/')]).toEqual(['account.r2.example', true]);
    const lifeSec = Number(searchParams.get('X-Amz-Expires'));
    expect(lifeSec).toBeGreaterThan(500);
    expect(lifeSec).toBeLessThanOrEqual(600);
  });

  it('or to its public address, or to the service when it is told to give the bytes itself', async () => {
    expect(await uriWith({ R2_PUBLIC_URL: 'https://media.example' })).toMatch(
      /^https:\/\/media\.example\/playbacks\/.*\.mp4$/,
    );
    expect(await uriWith({ HLS_PROXY: 'true' })).toMatch(/^\.\.\/video\?expires=\d+&signature=/);
  });
});
