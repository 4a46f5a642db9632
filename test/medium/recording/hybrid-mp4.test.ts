import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { selectFootage } from '../../../src/modules/recording/domain/footage.js';
import { readFootage, writeObject, writeStream } from './support/hybrid-object.js';
import { AAC_48K, AAC_8K, H264, H264_BFRAMES, H265, makeCapture, type MadeStream } from './support/made-captures.js';
import { hashPackets, hashPictures } from './support/packets.js';
import { checkVideo } from './support/video-check.js';

const ALL_TIME = { startMs: 0, endMs: Infinity };
const CASES: [string, MadeStream][] = [
  ['H.264 without sound', { seconds: 4, video: H264 }],
  ['H.264 with AAC', { seconds: 4, video: H264, audio: AAC_48K }],
  ['B-frames', { seconds: 5, video: H264_BFRAMES, audio: AAC_8K }],
  ['H.265', { seconds: 4, video: H265, audio: AAC_8K }],
  ['late', { seconds: 4, video: H264, audio: AAC_8K, audioFromSec: 1.3 }],
  ['early', { seconds: 4, video: H264, audio: AAC_8K, audioFromSec: -0.7 }],
  ['stops', { seconds: 4, video: H264_BFRAMES, audio: AAC_8K, audioForSec: 1.7 }],
];

describe('x', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hindsight-hybrid-'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it.each(CASES)('%s', async (name, stream) => {
    const capture = await makeCapture(dir, name, stream);
    const takes = selectFootage([capture], ALL_TIME);
    const footage = await readFootage(takes);
    await writeStream(join(dir, 'stream.mp4'), takes);
    const plan = await writeObject(join(dir, 'o.mp4'), footage, null);
    const out = await hashPackets(join(dir, 'o.mp4'));
    const inn = await hashPackets(join(dir, 'stream.mp4'));
    const check = await checkVideo(join(dir, 'o.mp4'));
    console.log(
      name,
      plan.headBytes,
      plan.sizeBytes,
      footage.movie.durationMs,
      footage.movie.keyFrames,
      check.complaints,
      check.durationSec,
      out.complaints,
      inn.complaints,
      out.streams.map((s) => [
        s.ticksPerSec,
        s.packets.length,
        ...s.packets.slice(0, 3).map((p) => `${p.dts}/${p.pts}`),
        `${s.packets.at(-1)!.dts}/${s.packets.at(-1)!.pts}/${s.packets.at(-1)!.durationTicks}`,
      ]),
      inn.streams.map((s) => [
        s.ticksPerSec,
        s.packets.length,
        ...s.packets.slice(0, 3).map((p) => `${p.dts}/${p.pts}`),
        `${s.packets.at(-1)!.dts}/${s.packets.at(-1)!.pts}/${s.packets.at(-1)!.durationTicks}`,
      ]),
    );
    expect(out.streams.map((s) => s.packets.map((p) => p.md5))).toEqual(
      inn.streams.map((s) => s.packets.map((p) => p.md5)),
    );
    console.log(await hashPictures(join(dir, 'o.mp4'), 1.5, 2));
  });
});
