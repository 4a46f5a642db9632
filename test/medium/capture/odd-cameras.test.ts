import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { VirtualCameraOptions } from '@hindsight/virtual-camera';
import { findFfmpeg } from '@hindsight/virtual-camera/ffmpeg';
import { describe, expect, it } from '@jest/globals';
import { findStalls, selectFootage } from '../../../src/modules/footage/domain/footage.js';
import { FFPROBE } from '../../support/ffprobe.js';
import { CAM, type CaptureRig, findTools, RIG_LIMITS, SHIPPED_FFMPEG } from '../../support/recorder/capture-rig.js';
import { eventually } from '../../support/recorder/eventually.js';
import { Stage } from '../../support/recorder/stage.js';

const run = promisify(execFile);

/** What a player finds in all that was captured: packets by codec, and what FFmpeg complains of when it decodes it. */
async function play(stage: Stage) {
  const packets: Record<string, number> = {};
  const sizes: string[] = [];
  let complaints = '';
  for (const { dir } of await stage.rig.log.readCaptures(CAM)) {
    const names = (await readdir(dir)).filter((name) => /^\d+\.mp4$/.test(name)).sort();
    const path = join(dir, 'whole.mp4');
    await writeFile(path, Buffer.concat(await Promise.all(names.map((name) => readFile(join(dir, name))))));
    const entries = 'stream=codec_name,nb_read_packets,width';
    const probe = ['-v', 'error', '-count_packets', '-show_entries', entries, '-of', 'json', path];
    const { streams } = JSON.parse((await run(FFPROBE, probe)).stdout) as {
      streams: { codec_name: string; nb_read_packets?: string; width?: number }[];
    };
    for (const { codec_name: codec, nb_read_packets: count = '0', width } of streams) {
      packets[codec] = (packets[codec] ?? 0) + Number(count);
      if (width) sizes.push(String(width));
    }
    complaints += (await run(findFfmpeg(), ['-v', 'error', '-i', path, '-f', 'null', '-'])).stderr;
  }
  return { packets, sizes, complaints };
}

/** Resolves when every picture that the camera has sent by now, from the first key frame on, was captured. */
async function hasAllPictures({ camera, rig }: Stage): Promise<void> {
  const sent = camera.sentFrames();
  const wanted = sent.length - sent.findIndex(({ keyFrame }) => keyFrame);
  await eventually(() => expect(picturesOf(rig)).toBeGreaterThanOrEqual(wanted));
}

function picturesOf({ told }: CaptureRig): number {
  return told.fragments.reduce((sum, { frames }) => sum + frames, 0);
}

/** One capture with so many fragments, and with all that was sent until then. */
async function record(stage: Stage, fragments: number): Promise<void> {
  const { capture } = stage.rig;
  capture.demand('test');
  await stage.has(fragments);
  await hasAllPictures(stage);
  capture.release('test');
  await capture.idle();
}

const SILENT: VirtualCameraOptions = { profile: 'h264-aac', gopSec: 1, oddities: { soundNever: true } };

describe('A camera whose sound', () => {
  it.concurrent.each<[string, VirtualCameraOptions, string | undefined]>([
    ['is G.711 and never comes', { ...SILENT, audio: 'pcma' }, undefined],
    ['is Opus and never comes', { ...SILENT, audio: 'opus' }, undefined],
    ['is AAC and never comes', { ...SILENT, audio: 'aac' }, undefined],
    ['is G.711 and never comes, with FFmpeg of 2018', { ...SILENT, audio: 'pcma' }, SHIPPED_FFMPEG],
    [
      'is refused at SETUP',
      { profile: 'h264-aac', gopSec: 1, audio: 'pcma', oddities: { soundSetupStatus: 404 } },
      undefined,
    ],
  ])('%s is recorded with every picture', async (_what, options, path) => {
    const tools = await findTools(path);
    await Stage.with(
      options,
      async (stage) => {
        await record(stage, 4);
        const { packets, complaints } = await play(stage);
        expect(packets['h264']).toBe(picturesOf(stage.rig));
        expect(complaints).toBe('');
        expect(stage.failures.filter((code) => code !== 'CAMERA.RTSP_FAILED')).toEqual([]);
      },
      { tools },
    );
  });

  it.concurrent.each<[string, VirtualCameraOptions, string | undefined]>([
    ['begins 3 s late', { profile: 'h264-aac', gopSec: 1, audio: 'pcma', oddities: { soundStartSec: 3 } }, undefined],
    [
      'begins 3 s late, with FFmpeg of 2018',
      { profile: 'h264-aac', gopSec: 1, audio: 'pcma', oddities: { soundStartSec: 3 } },
      SHIPPED_FFMPEG,
    ],
    ['is Opus', { profile: 'h264-aac', gopSec: 1, audio: 'opus' }, undefined],
    [
      'stands behind a back channel',
      { profile: 'h264-aac', gopSec: 1, audio: 'pcma', oddities: { backChannel: 'middle' } },
      undefined,
    ],
    [
      'is AAC and stands behind a back channel',
      { profile: 'h264-aac', gopSec: 1, audio: 'aac', oddities: { backChannel: 'first' } },
      undefined,
    ],
  ])('%s is recorded with it', async (_what, options, path) => {
    const tools = await findTools(path);
    await Stage.with(
      options,
      async (stage) => {
        await record(stage, 7);
        const { packets, complaints } = await play(stage);
        expect(complaints).toBe('');
        expect(packets['aac']).toBeGreaterThan(20);
        expect(stage.failures).toEqual([]);
      },
      { tools },
    );
  });
});

describe('A camera whose pictures', () => {
  it.concurrent('come on the second video track is recorded from there', () =>
    Stage.with({ profile: 'h264-silent', gopSec: 1, oddities: { emptyVideo: 'jpeg' } }, async (stage) => {
      await record(stage, 3);
      expect(stage.failures).toEqual([]);
    }),
  );

  it.concurrent('come on the second of two equal video tracks is recorded after a try', () =>
    Stage.with({ profile: 'h264-silent', gopSec: 1, oddities: { emptyVideo: 'h264' } }, async (stage) => {
      stage.rig.capture.demand('test');
      await stage.has(3);
      expect(stage.failures.length).toBeLessThanOrEqual(1);
    }),
  );

  it.concurrent('all have the same time is recorded by when they come', () =>
    Stage.with({ profile: 'h264-silent', gopSec: 1, oddities: { stampsEqual: true } }, async (stage) => {
      stage.rig.capture.demand('test');
      await stage.has(5);
      stage.rig.capture.release('test');
      await stage.rig.capture.idle();
      expect(stage.failures).toEqual(['RECORDING.EQUAL_TIMES']);
      const lengthMs = stage.rig.told.fragments.reduce((sum, { durationMs }) => sum + durationMs, 0);
      expect(lengthMs).toBeGreaterThan(picturesOf(stage.rig) * 40 * 0.7);
    }),
  );

  it.concurrent('begin in the middle of a long group is waited for', () =>
    Stage.with(
      { profile: 'h264-silent', gopSec: 10, oddities: { startsAnywhere: true } },
      async (stage) => {
        stage.rig.capture.demand('test');
        await stage.has(2);
        expect(stage.failures).toEqual([]);
      },
      { deps: { limits: { ...RIG_LIMITS, stallTimeoutMs: 2_000 } } },
    ),
  );

  it.concurrent('come at changing rates is recorded without a false stall', () =>
    Stage.with({ profile: 'h264-silent', gopSec: 1, oddities: { rateSchedule: '25:3,1:5' } }, async (stage) => {
      await record(stage, 12);
      const takes = selectFootage(await stage.rig.log.readCaptures(CAM), { startMs: 0, endMs: Infinity });
      expect(takes.flatMap((take) => findStalls(take))).toEqual([]);
      expect(stage.failures).toEqual([]);
    }),
  );
});
