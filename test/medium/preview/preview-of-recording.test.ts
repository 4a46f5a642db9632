import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readFrameCounters, startVirtualCamera, type VirtualCamera } from '@hindsight/virtual-camera';
import { findReader } from '@hindsight/virtual-camera/ffmpeg';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/recorder/eventually.js';
import { type RecorderApp, startRecorderApp } from '../../support/recorder/recorder-app.js';

const run = promisify(execFile);
const FPS = 25;

describe('what is seen of a recording without playing it', () => {
  let database: TestDatabase;
  let recordDir: string;
  let app: RecorderApp;
  let camera: VirtualCamera;

  beforeAll(async () => {
    recordDir = await mkdtemp(join(tmpdir(), 'hindsight-preview-'));
    database = await createTestDatabase();
    app = await startRecorderApp(database, recordDir);
    camera = await startVirtualCamera({ profile: 'h264-aac', gopSec: 1 });
  });
  afterAll(async () => {
    await camera.stop();
    await app.close();
    await database.drop();
    await rm(recordDir, { recursive: true, force: true });
  });

  async function load(path: string): Promise<string> {
    const response = await fetch(`${app.url}${path}`, { headers: { authorization: `Bearer ${app.token}` } });
    expect(response.status).toBe(200);
    const file = join(recordDir, path.replaceAll('/', '-'));
    await writeFile(file, Buffer.from(await response.arrayBuffer()));
    return file;
  }

  it('are pictures of it, soon after it is stored, and facts about its streams', async () => {
    const { id, playbackId } = await app.trigger(await app.addCamera(camera));
    await app.untilFootage(playbackId, 3_500);
    await app.end(id);
    const { resolution, durationMs } = await app.until(playbackId, 'COMPLETED');
    await eventually(async () => expect((await app.playback(playbackId)).thumbnailUrl).not.toBeNull());
    const base = `/playbacks/${playbackId}`;
    const track = () => app.call('GET', `${base}/thumbnails.vtt`, { token: app.token });
    await eventually(async () => expect((await track()).status).toBe(200));

    const frames = await readFrameCounters(await load(`${base}/video`));
    const [shown] = await readFrameCounters(await load(`${base}/thumbnail`));
    // The camera was woken by the trigger.
    expect(Math.abs(frames.indexOf(shown!) - FPS / 2)).toBeLessThanOrEqual(3);

    const cues = (await track()).text.match(/#xywh=.*/g)!;
    const sprite = await load(`${base}/sprite`);
    for (const [index, cue] of cues.entries()) {
      const [x, y, width, height] = cue.slice('#xywh='.length).split(',');
      const tile = join(recordDir, 'tile.nut');
      const crop = ['-vf', `crop=${width}:${height}:${x}:${y}`, '-c:v', 'rawvideo', tile];
      await run(findReader(), ['-v', 'error', '-y', '-i', sprite, ...crop]);
      expect([index, await readFrameCounters(tile)]).toEqual([index, [frames[index * FPS]]]);
    }
    expect(cues).toHaveLength(Math.ceil(frames.length / FPS));

    const { json } = await app.call('GET', `${base}/media-info`, { token: app.token });
    const [width, height] = resolution!.split('x').map(Number);
    expect(json).toMatchObject({ durationMs, container: expect.stringContaining('mp4') });
    expect(json['streams']).toEqual([
      expect.objectContaining({ kind: 'video', codec: 'h264', width, height, frames: frames.length }),
      expect.objectContaining({ kind: 'audio', codec: 'aac' }),
    ]);
    const [{ gop }] = json['streams'] as [{ gop: unknown }];
    expect(gop).toEqual({ frames: FPS, maxFrames: FPS, keyFrames: cues.length });
  });
});
