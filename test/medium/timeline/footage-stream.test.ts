import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FootagePin } from '../../../src/schema/footage.entity.js';
import {
  addRecorder,
  iso,
  type ListedPart,
  readPlaylist,
  type RecorderRig,
  startTimelineRig,
  type TimelineRig,
} from './timeline-rig.js';

const T = Date.UTC(2026, 9, 20, 12);
const MINUTE_MS = 60_000;

let rig: TimelineRig;
let recorder: RecorderRig;
let cameraId: string;

beforeAll(async () => {
  rig = await startTimelineRig(T + MINUTE_MS);
});
afterAll(() => rig?.close());
beforeEach(async () => {
  rig.clock.set(T + MINUTE_MS);
  cameraId = await rig.insertCamera();
  recorder = await addRecorder(rig, cameraId);
});
afterEach(() => recorder.remove());

const ALL = { from: iso(T - MINUTE_MS), to: iso(T + 2 * MINUTE_MS) };

async function load(uri: string, { headers = {}, id = cameraId, token = true } = {}) {
  const url = new URL(uri, `${rig.url}/cameras/${id}/footage/`);
  const authorization = token ? { authorization: `Bearer ${rig.viewer}` } : {};
  const response = await fetch(url, { headers: { ...authorization, ...headers } });
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
}

async function playlist(query: Record<string, string> = ALL): Promise<string> {
  const { status, text } = await rig.ask(cameraId, 'playlist.m3u8', query);
  expect(text).toMatch(/^#EXTM3U/);
  expect(status).toBe(200);
  return text;
}

/** The media of all segments of a camera as they lie in the log, silent frames and all. */
async function mediaInLog(): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (const { dir, fragments, init } of await recorder.read(cameraId)) {
    for (const name of new Set(fragments.map(({ segment }) => segment))) {
      const last = fragments.findLast(({ segment }) => segment === name)!;
      pieces.push((await readFile(join(dir, name))).subarray(init.bytes.length + 256, last.offset + last.sizeBytes));
    }
  }
  return Buffer.concat(pieces);
}

const bytesOf = async (parts: ListedPart[]) =>
  Buffer.concat(await Promise.all(parts.map(async ({ uri }) => (await load(uri)).bytes)));
const sum = (all: number[]) => all.reduce((total, each) => total + each, 0);

/** Two captures of four seconds, with six between them. */
async function captureTwice(): Promise<string[]> {
  for (const startedAtMs of [T, T + 10_000]) {
    const capture = await recorder.begin(cameraId, startedAtMs);
    await capture.append(Infinity);
    await capture.end();
  }
  return (await recorder.read(cameraId)).map(({ captureId }) => captureId);
}

async function publishAll(keys: string[], state: 'stored' | 'local' = 'stored'): Promise<void> {
  for (const { captureId, fragments } of await recorder.read(cameraId)) {
    if (!keys.includes(captureId)) continue;
    for (const name of new Set(fragments.map(({ segment }) => segment))) {
      await recorder.publish(cameraId, captureId, parseInt(name, 10), state);
    }
  }
}

describe('a playlist of what is over', () => {
  it('plays two captures with a gap between them, byte by byte, and agrees with the spans', async () => {
    const keys = await captureTwice();
    await publishAll(keys);
    const media = await mediaInLog();
    await rm(join(recorder.homeDir, 'cameras'), { recursive: true });
    const text = await playlist();
    expect(text).toMatch(/#EXT-X-PLAYLIST-TYPE:VOD[^]*#EXT-X-ENDLIST\n$/);
    const parts = readPlaylist(text);
    expect(parts.filter(({ isNewRun }) => isNewRun)).toHaveLength(1);
    expect([...new Set(parts.map(({ init }) => init))]).toEqual(keys.map((key) => `init/${key}.mp4`));
    expect(await bytesOf(parts)).toEqual(media);
    const { json } = await rig.ask(cameraId, 'spans', ALL);
    expect(sum(parts.map(({ durationMs }) => durationMs))).toBe(json['coveredMs']);
    expect((json['spans'] as { startAt: string }[]).map(({ startAt }) => startAt)).toEqual(
      [...text.matchAll(/PROGRAM-DATE-TIME:(.*)/g)].map(([, date]) => date),
    );
  });

  it('keeps its addresses while footage moves from the log to the store', async () => {
    const keys = await captureTwice();
    const media = await mediaInLog();
    const inLog = readPlaylist(await playlist());
    const init = (await recorder.read(cameraId))[0]!.init.bytes;
    expect((await load(inLog[0]!.init)).bytes).toEqual(init);
    expect(await bytesOf(inLog)).toEqual(media);
    await publishAll(keys, 'local');
    expect(readPlaylist(await playlist())).toEqual(inLog);
    expect(await bytesOf(inLog)).toEqual(media);
    await publishAll(keys);
    expect(readPlaylist(await playlist())).toEqual(inLog);
    await rm(join(recorder.homeDir, 'cameras'), { recursive: true });
    expect(await bytesOf(inLog)).toEqual(media);
    expect((await load(inLog[0]!.init)).bytes).toEqual(init);
  });

  it('leaves out what lies on a recorder whose disk cannot be seen, and says so when there is nothing else', async () => {
    const keys = await captureTwice();
    await publishAll(keys.slice(0, 1));
    await publishAll(keys.slice(1), 'local');
    const whole = readPlaylist(await playlist());
    await writeFile(join(recorder.homeDir, 'node-id'), '00000000-0000-4000-8000-000000000000\n');
    const seen = readPlaylist(await playlist());
    expect(seen).toEqual(whole.filter(({ init }) => init.includes(keys[0]!)));
    const onlyLocal = await rig.ask(cameraId, 'playlist.m3u8', { from: iso(T + 8_000), to: ALL.to });
    expect([onlyLocal.status, onlyLocal.json['code']]).toEqual([409, 'FOOTAGE.ELSEWHERE']);
    const { uri, init } = whole.at(-1)!;
    for (const each of [uri, init]) {
      const { status, bytes } = await load(each);
      expect([status, bytes.toString()]).toEqual([409, expect.stringContaining('FOOTAGE.ELSEWHERE')]);
    }
  });

  it('is refused where there is nothing, and where it would be too long', async () => {
    const codeOf = async (query: Record<string, string>) =>
      (await rig.ask(cameraId, 'playlist.m3u8', query)).json['code'] as string;
    expect(await codeOf(ALL)).toBe('FOOTAGE.NONE');
    expect(await codeOf({ from: ALL.from })).toBe('FOOTAGE.NONE');
    expect(await codeOf({ from: iso(T - 24 * 60 * MINUTE_MS - 1), to: iso(T) })).toBe('FOOTAGE.RANGE_TOO_LONG');
    expect(await codeOf({ from: iso(T), to: iso(T) })).toBe('REQUEST.INVALID');
    expect(await codeOf({ from: iso(T + 10 * MINUTE_MS) })).toBe('REQUEST.INVALID');
  });

  it('gives no bytes but those of whole groups of a camera of its own', async () => {
    await publishAll(await captureTwice());
    const [{ uri }] = readPlaylist(await playlist()) as [ListedPart];
    const [, capture, number, offset, size] = /segment\/(.*)-(\d+)-(\d+)-(\d+)\.m4s/.exec(uri)!;
    const other = await rig.insertCamera();
    expect((await load(uri, { id: other })).status).toBe(404);
    for (const wrong of [
      `${number}-0-${size}`,
      `${number}-${offset}-${Number(size) - 1}`,
      `999-${offset}-${size}`,
      '1',
      `${number}-${offset}-0`,
    ]) {
      expect((await load(`segment/${capture}-${wrong}.m4s`)).status).toBe(404);
    }
    expect((await load(`init/${capture}.mp4`, { id: other })).status).toBe(404);
  });
});

describe('a playlist without an end', () => {
  it('grows, out of the store, the disk and the segment that is being written, and changes nothing that it has listed', async () => {
    const [first] = await captureTwice();
    await publishAll([first!]);
    const capture = await recorder.begin(cameraId, T + 20_000);
    let listed = readPlaylist(await playlist({ from: ALL.from }));
    for (let round = 0; round < 6; round += 1) {
      await capture.append(1);
      if (round === 3)
        await publishAll((await recorder.read(cameraId)).map(({ captureId }) => captureId).slice(1, 2), 'local');
      const text = await playlist({ from: ALL.from });
      expect(text).toContain('#EXT-X-PLAYLIST-TYPE:EVENT');
      expect(text).not.toContain('ENDLIST');
      const now = readPlaylist(text);
      expect(now.slice(0, listed.length)).toEqual(listed);
      listed = now;
    }
    await capture.append(Infinity);
    await capture.end();
    const whole = readPlaylist(await playlist({ from: ALL.from }));
    expect(whole.slice(0, listed.length)).toEqual(listed);
    expect(await bytesOf(whole)).toEqual(await mediaInLog());
    expect((await rig.ask(cameraId, 'spans', ALL)).json['coveredMs']).toBe(
      sum(whole.map(({ durationMs }) => durationMs)),
    );
  });

  it('is asked of a recorder that can see the footage', async () => {
    await captureTwice();
    await writeFile(join(recorder.homeDir, 'node-id'), '00000000-0000-4000-8000-000000000000\n');
    const { status, json } = await rig.ask(cameraId, 'playlist.m3u8', { from: ALL.from });
    expect([status, json['code']]).toEqual([409, 'FOOTAGE.ELSEWHERE']);
  });

  it('ends where the live window begins, when it would begin before that', async () => {
    await publishAll(await captureTwice());
    const urlOf = async () => (await rig.ask(cameraId, 'stream-url', { from: iso(T) })).json;
    expect((await urlOf())['endsAt']).toBeNull();
    rig.clock.set(T + 60 * MINUTE_MS);
    expect((await urlOf())['endsAt']).toBeNull();
    rig.clock.set(T + 60 * MINUTE_MS + 20_000);
    expect((await urlOf())['endsAt']).toBe(iso(T + 20_000));
    // Whoever watches since then goes on.
    expect(await playlist({ from: iso(T) })).toContain('TYPE:EVENT');
    rig.clock.set(T + 121 * MINUTE_MS);
    expect(await playlist({ from: iso(T) })).toContain('ENDLIST');
  });
});

describe('a link to footage', () => {
  /** Under the address at which the test reaches the service. */
  const linkTo = async (query: Record<string, string>) => {
    const { pathname, search } = new URL((await rig.ask(cameraId, 'stream-url', query)).json['playlistUrl'] as string);
    return pathname + search;
  };

  it('opens its range for a while without a token, and nothing else', async () => {
    const keys = await captureTwice();
    await publishAll(keys);
    const outside = readPlaylist(await playlist()).at(-1)!;
    const url = await linkTo({ from: iso(T), to: iso(T + 8_000) });
    const answer = await load(url, { token: false });
    expect(answer.status).toBe(200);
    const parts = readPlaylist(answer.bytes.toString());
    for (const uri of parts.flatMap(({ uri, init }) => [uri, init]))
      expect((await load(uri, { token: false })).status).toBe(200);
    const query = new URL(url, rig.url).search;
    expect((await load(`${outside.uri}${query}`, { token: false })).status).toBe(404);
    expect((await load(outside.uri, { token: false })).status).toBe(401);
    for (const forged of [
      url.replace('T12%3A00%3A08', 'T12%3A00%3A18'),
      url.replace(/&to=[^&]*/, ''),
      url.replace(/signature=./, 'signature=_'),
    ]) {
      const { status, bytes } = await load(forged, { token: false });
      expect([status, bytes.toString()]).toEqual([401, expect.stringContaining('FOOTAGE.LINK_INVALID')]);
    }
    expect((await load(url.replace(cameraId, await rig.insertCamera()), { token: false })).status).toBe(401);
    rig.clock.set(T + 61 * MINUTE_MS + 1_000);
    expect((await load(url, { token: false })).status).toBe(401);
  });

  it('keeps what its playlist names while somebody asks for it', async () => {
    await publishAll(await captureTwice());
    const pins = () => rig.database.dataSource.manager.findBy(FootagePin, { cameraId });
    const url = await linkTo({ from: iso(T + 2_500), to: iso(T + 8_000) });
    await load(url, { token: false });
    const [pin, ...others] = await pins();
    expect(others).toEqual([]);
    expect(pin).toMatchObject({ reason: 'viewer', untilAt: new Date(T + 11 * MINUTE_MS) });
    expect(pin!.startAt.getTime()).toBeLessThanOrEqual(T + 2_500);
    expect(pin!.endAt.getTime()).toBeGreaterThan(T + 3_000);
    rig.clock.set(T + 2 * MINUTE_MS);
    await load(url, { token: false });
    expect(await pins()).toMatchObject([{ id: pin!.id, untilAt: new Date(T + 12 * MINUTE_MS) }]);
    await playlist();
    expect(await pins()).toHaveLength(2);
    rig.clock.set(T + 13 * MINUTE_MS);
    await playlist();
    expect(await pins()).toMatchObject([{ untilAt: new Date(T + 23 * MINUTE_MS) }]);
  });
});
